"""Strategies for expressions of the allowed grammar, and for the JSON they are asked of."""

from hypothesis import strategies as st

from gateway.routing.words import FILTERS

KEYS = ["a", "b", "c", "items", "lower"]
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=True)
    | st.text(max_size=8)
    | st.sampled_from(["a", "b", "12", "1.5", "a/b", "", "\ud800", "ß"])
)
json_values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=12,
)
literals = st.sampled_from(
    [
        "1",
        "0",
        "-2",
        "1.5",
        "'a'",
        "''",
        "'a/b'",
        "true",
        "false",
        "none",
        "[]",
        "['a', 1]",
        "{'a': 1}",
    ]
)
roots = st.sampled_from(["payload", "event", "source", "headers.x", "headers['a']"])


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    plain_filters = sorted(set(FILTERS) - {"join", "default", "int", "float"})
    return st.one_of(
        st.builds("{}.{}".format, inner, st.sampled_from(KEYS)),
        st.builds("({})[{}]".format, inner, inner),
        st.builds("({})['{}']".format, inner, st.sampled_from(KEYS)),
        st.builds("({})[{}]".format, inner, st.integers(-3, 3)),
        st.builds(
            "({} {} {})".format,
            inner,
            st.sampled_from(
                [
                    "+",
                    "-",
                    "*",
                    "/",
                    "//",
                    "~",
                    "==",
                    "!=",
                    "<",
                    "<=",
                    ">",
                    ">=",
                    "in",
                    "and",
                    "or",
                    "not in",
                    "is in",
                    "is not in",
                ]
            ),
            inner,
        ),
        st.builds("({} < {} >= {})".format, inner, inner, inner),
        st.builds("(not {})".format, inner),
        st.builds("(- ({}))".format, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("({} if {})".format, inner, inner),
        st.builds("({} | {})".format, inner, st.sampled_from(plain_filters)),
        st.builds(
            "({} | {}({}))".format, inner, st.sampled_from(["default", "int", "float"]), inner
        ),
        st.builds(
            "({} | {})".format, inner, st.sampled_from(["int", "float", "join('-')", "join"])
        ),
        st.builds("({}).{}()".format, inner, st.sampled_from(["lower", "upper", "strip", "split"])),
        st.builds(
            "({}).{}({})".format, inner, st.sampled_from(["startswith", "endswith", "split"]), inner
        ),
        st.builds("({} is {})".format, inner, st.sampled_from(["defined", "none", "not none"])),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{{'a': {}, 'b': {}}}".format, inner, inner),
    )


expressions = st.recursive(literals | roots, _grow, max_leaves=10)
