"""Active checks: one may be lost, two take an endpoint out, one good brings it back."""

from gateway.delivery.health import Checked, after


def test_one_lost_check_changes_nothing_two_do_and_one_good_brings_it_back() -> None:
    one = after(Checked(), "answered 500", 1.0)
    assert (one.well, one.error) == (True, "answered 500")
    two = after(one, "no connection in time", 2.0)
    assert (two.well, two.error, two.error_at) == (False, "no connection in time", 2.0)
    assert after(two, "", 3.0) == Checked()
    assert after(one, "", 2.0).well
