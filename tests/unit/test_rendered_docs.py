"""docs/rendered shows what the code renders now; `make render-samples` writes it anew."""

from __future__ import annotations

import pytest

from benchmarks.rendering import faults
from tools.render_samples import FOLDER, as_html, as_text, pages

PAGES = pages()


@pytest.mark.parametrize("name", PAGES)
def test_a_rendering_is_what_the_code_renders_now(name: str) -> None:
    assert (FOLDER / f"{name}.txt").read_text(encoding="utf-8") == as_text(PAGES[name])


@pytest.mark.parametrize("name", PAGES)
def test_telegram_takes_the_renderings(name: str) -> None:
    assert PAGES[name]
    assert [wrong for page in PAGES[name] for wrong in faults(page)] == []


def test_a_picture_has_the_page_s_own_lines() -> None:
    drawn = as_html(PAGES["digest-fa"])
    assert drawn.count("<p>") == PAGES["digest-fa"][0].text.count("\n") + 1
    assert "<b>کشتار زندانیان سیاسی" in drawn
