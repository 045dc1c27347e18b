"""All mutants of `gateway.verify`.

Data only; `planting` plants them. Each text must stand in its file exactly once, so that a mutant
whose code has changed is noticed and not passed over.
"""

from tests.mutants.addresses import ADDRESSES
from tests.mutants.digests import DIGESTS, HEADERS
from tests.mutants.mutant import mutant
from tests.mutants.secrets import KEYS, TOKENS
from tests.mutants.times import TIMES
from tests.mutants.ways import VERIFIER

CONTROL = mutant(
    "control",
    "a package that cannot be imported: unless it is caught, the tests do not run the copy",
    ("headers", "def single(", "raise ImportError\n\n\ndef single("),
)
MUTANTS = (*TIMES, *HEADERS, *DIGESTS, *KEYS, *TOKENS, *VERIFIER, *ADDRESSES)
