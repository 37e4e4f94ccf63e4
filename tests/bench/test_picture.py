"""The picture of the README: one bar for each headline, as long as the client is fast."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from bench.picture import picture

from .runs import case, run

_SVG = "{http://www.w3.org/2000/svg}"


def test_bars_are_as_long_as_the_client_is_fast() -> None:
    shown = run(
        case("chat", default=[0.5, 0.5, 0.25]),  # a time: half of httpx's is twice as fast
        case("events", speed=True, default=[4.0]),
        case("importing", default=[0.1]),  # no headline
    )
    image = ElementTree.fromstring(picture(shown))
    bars = [float(bar.attrib["width"]) for bar in image.iter(f"{_SVG}rect")]
    assert len(bars) == 2
    assert bars[1] == pytest.approx(2 * bars[0], abs=0.2)
    (line,) = image.iter(f"{_SVG}line")
    start = {float(bar.attrib["x"]) for bar in image.iter(f"{_SVG}rect")}.pop()
    assert float(line.attrib["x1"]) - start == pytest.approx(bars[0] / 2, abs=0.2)
    values = [text.text for text in image.iter(f"{_SVG}text") if text.get("class") == "value"]
    assert [str(value).split()[0] for value in values] == ["2.0×", "4.0×"]
    assert float(image.attrib["viewBox"].split()[2]) > start + max(bars)


def test_a_run_without_headlines_has_no_picture() -> None:
    with pytest.raises(ValueError, match="the run has none of chat"):
        picture(run(case("importing", default=[0.1])))
