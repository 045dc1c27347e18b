"""A mistake quotes the file, never what a variable holds: that may be a secret, and goes to logs."""

from pathlib import Path

import pytest

from gateway.plan.report import check_report
from tests.plan.one import RIGHT

SECRET = "hunter2-hunter2-hunter2"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('listen: "127.0.0.1:8080"', 'listen: "127${TOKEN}:8080"'),
        ('listen: "127.0.0.1:8080"', 'listen: "${TOKEN}"'),
        ('listen: "127.0.0.1:8080"', 'public_url: "https://${TOKEN}/x/"'),
        ('listen: "127.0.0.1:8080"', 'client_address: "${TOKEN}"'),
        ('listen: "127.0.0.1:8080"', 'trusted_proxies: ["${TOKEN}"]'),
        ('url: "sqlite:gateway.db"', 'url: "postgres:${TOKEN}"'),
        ('url: "sqlite:gateway.db"', 'retention: "${TOKEN}"'),
        ('url: "sqlite:gateway.db"', 'min_free: "${TOKEN}"'),
        ("provider: github", 'provider: "${TOKEN}"'),
        ("provider: github", 'provider: github, path: "/in/${TOKEN}/é"'),
        ("provider: github", 'provider: github, allow_ips: ["${TOKEN}"]'),
        ("verify: {scheme: hmac, header: X-Sig}", 'verify: {scheme: "${TOKEN}", header: X-Sig}'),
        ("header: X-Sig}", 'header: X-Sig, algorithm: "${TOKEN}"}'),
        ('url: "http://127.0.0.1:9000/"', 'url: "ftp://127.0.0.1/${TOKEN}"'),
        ('url: "http://127.0.0.1:9000/"', 'url: "http://127.0.0.1/ ${TOKEN}"'),
        ('url: "http://127.0.0.1:9000/"', 'url: "http://a/", timeout: "${TOKEN}"'),
        ("on: [vcs.push]", 'on: ["${TOKEN}"]'),
        ("to: [ledger]", 'to: ["${TOKEN}"]'),
    ],
)
def test_a_mistake_shows_the_variable_and_not_its_value(old: str, new: str, tmp_path: Path) -> None:
    file = tmp_path / "routes.yaml"
    file.write_text(RIGHT.replace(old, new, 1))
    (tmp_path / "good").write_text("a-secret-of-more-than-sixteen-bytes")
    report = check_report(file, {"TOKEN": SECRET})
    assert report.errors
    said = "\n".join(map(str, (*report.errors, *report.warnings)))
    assert SECRET not in said
    assert "${TOKEN}" in said
