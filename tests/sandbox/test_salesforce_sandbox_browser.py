"""The sandbox's pages in a real browser: what customers wrote is shown, and nothing of it runs."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from org_process import OrgProcess

HOSTILE = (
    "<script>document.title = 'owned'</script>"
    "<img src=x onerror=\"document.title = 'owned'\">"
    "</td></table><h1 id=owned>owned</h1><a href=\"javascript:document.title='owned'\">{{7*7}}</a>"
)
QUIET = ("--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update")


def in_a_browser(url: str, profile: Path) -> str:
    """The page as it stands after its scripts, if it had any, have run."""
    chromium = shutil.which("chromium")
    if chromium is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is missing: `make debian` installs it")
        pytest.skip("chromium is missing: `make debian` installs it")
    command = [chromium, "--headless", "--no-sandbox", *QUIET, f"--user-data-dir={profile}", "--dump-dom", url]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def test_hostile_text_is_shown_and_does_not_run(tmp_path: Path) -> None:
    with closing(OrgProcess(tmp_path)) as sandbox:
        case_id = sandbox.create("Case", Subject="owned?", Description=HOSTILE)
        sandbox.create("CaseComment", ParentId=case_id, CommentBody=HOSTILE)

        page = in_a_browser(f"{sandbox.base}/lightning/r/Case/{case_id}/view", tmp_path / "profile")

    escaped = HOSTILE.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert page.count(escaped) == 2
    assert "<title>owned" not in page
    assert "<h1 id=" not in page
