"""Opens the report of synthetic studies in Chromium and looks: every figure is there and has something in it, no console
message, no request, tables sort, axes switch, nothing is wider than a phone, dark is dark, and printing works.

usage: browser_test.py NNC MAKE_STUDY [SCREENSHOTS]    with a folder, screenshots are left there
"""
import filecmp
import pathlib
import subprocess
import sys
import tempfile

import browser

SKIPPED = 77
# What is in every drawing: its box in pixels, how many marks it has, and how many of them lie outside of it.
DRAWINGS = """[...document.querySelectorAll(".figure svg")].map(svg => {
  const hidden = getComputedStyle(svg.parentElement).display === "none";
  svg.parentElement.style.display = "block";
  const box = svg.getBoundingClientRect(), view = svg.viewBox.baseVal;
  const marks = [...svg.querySelectorAll("path,rect,circle,text")];
  const outside = marks.filter(mark => {
    const b = mark.getBBox(), turned = mark.hasAttribute("transform");
    return !turned && b.width > 0 && (b.x < -1 || b.y < -1 || b.x + b.width > view.width + 1 || b.y + b.height > view.height + 1);
  }).map(mark => mark.outerHTML.slice(0, 160));
  svg.parentElement.style.display = "";
  return {id: svg.id, hidden, width: box.width, height: box.height, marks: marks.length, outside,
          title: svg.querySelector("title").textContent, texts: marks.filter(mark => mark.tagName === "text").length};
})"""
FIGURES = {"factorial": ["F1", "F2", "F3", "F4", "F5", "F6", "F8", "F9", "F10", "F11", "F12", "C"], "sweep": ["F1", "F7"]}


def check(condition, what):
    if not condition:
        print("FAILED:", what)
        sys.exit(1)


def check_drawings(page, name):
    drawings = page.evaluate(DRAWINGS)
    for drawing in drawings:
        check(drawing["width"] > 100 and drawing["height"] > 50, f"{drawing['id']} has a size: {drawing}")
        check(drawing["marks"] > 10 and drawing["texts"] > 2, f"{drawing['id']} is not empty: {drawing}")
        check(drawing["title"], f"{drawing['id']} has a title")
        check(not drawing["outside"], f"{drawing['id']} stays inside its box: {drawing['outside'][:3]}")
    for figure in FIGURES[name]:
        shown = [d for d in drawings if d["id"].split("-")[0] == figure and not d["hidden"]]
        check(shown, f"{figure} is on the page of {name}")
    if name == "factorial":
        check_contours(page)
    check(page.evaluate('document.querySelector("#f0-verdict-test p").textContent.length') > 100, "F0 says something")


def check_contours(page):
    """Each panel of the plane is filled by bands of several colours, each as large as it looks, and says what they mean."""
    panels = page.evaluate("""[...document.querySelectorAll("#F11-landscape-slice-2d g[data-cells]")].map(panel => {
      const frame = panel.querySelector("rect.box").getBBox();
      const bands = [...panel.querySelectorAll("path")].filter(path => /^q/.test(path.getAttribute("class")));
      const first = bands[0].getBBox();
      return {bands: bands.length, colours: new Set(bands.map(band => getComputedStyle(band).fill)).size,
              isFull: Math.abs(first.width - frame.width) < 1 && Math.abs(first.height - frame.height) < 1,
              isSmaller: bands.at(-1).getTotalLength() > 0, tips: bands.every(band => band.querySelector("title")),
              label: panel.getAttribute("aria-label")};
    })""")
    check(len(panels) == 3, f"old, new and best have a plane: {panels}")
    for panel in panels:
        check(panel["bands"] >= 4 and panel["colours"] == panel["bands"], f"levels differ in colour: {panel}")
        check(panel["isFull"] and panel["isSmaller"] and panel["tips"], f"bands cover the panel and say their range: {panel}")
        check("in the middle, from" in panel["label"], f"a panel says its numbers: {panel}")


def check_switch(page):
    visible = '[...document.querySelector(".variants").querySelectorAll(".drawing")].map(d => getComputedStyle(d).display).join()'
    check(page.evaluate(visible) == "block,none,none,none", "the first axis is shown")
    page.evaluate('document.querySelector(".variants > input:nth-of-type(3)").click()')
    check(page.evaluate(visible) == "none,none,block,none", "another axis is shown after a click")


def check_sorting(page):
    column = '[...document.querySelectorAll("#runs table.sortable tbody > tr")].slice(0, 32).map(r => r.cells[7].textContent)'
    head = 'document.querySelector("#runs table.sortable thead th:nth-child(8)")'
    check(page.evaluate(head + ".textContent") == "test", "the eighth column is the measure")
    before = page.evaluate(column)
    page.evaluate(head + ".click()")
    numbers = [float(text.split()[0]) for text in page.evaluate(column)]
    check(numbers == sorted(numbers) and page.evaluate(column) != before, f"a click sorts: {numbers}")
    page.evaluate(head + ".click()")
    numbers = [float(text.split()[0]) for text in page.evaluate(column)]
    check(numbers == sorted(numbers, reverse=True), f"a second click turns the order round: {numbers}")


def check_links(page):
    broken = page.evaluate('[...document.querySelectorAll("a[href^=\\"#\\"]")].map(a => a.getAttribute("href").slice(1))'
                           '.filter(id => !document.getElementById(id)).length')
    check(broken == 0, "every link has a target")
    page.evaluate('location.hash = document.querySelector("td a").getAttribute("href")')
    page.evaluate("new Promise(done => setTimeout(done, 0))")
    check(page.evaluate("document.querySelector(location.hash).closest('details').open"), "a run unfolds when it is linked to")


def check_page(page, folder, name, screenshots):
    page.size(1100, 900)
    page.media("light")
    page.open(folder / "report.html")
    check([url for url in page.requests if not url.startswith("data:")] == ["file://" + str(folder / "report.html")],
          f"nothing else is asked for: {page.requests}")
    check_drawings(page, name)
    check_links(page)
    if name == "factorial":
        check_switch(page)
        check_sorting(page)
    check(len(page.pdf()) > 50_000, "it prints")
    colour = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(colour)
    for scheme, width in (("light", 1100), ("dark", 1100), ("light", 390), ("dark", 390)):
        page.media(scheme)
        page.size(width, 900)
        check(page.evaluate("document.documentElement.scrollWidth") <= width, f"nothing is wider than {width} pixels")
        check((page.evaluate(colour) == light) == (scheme == "light"), f"{scheme} looks like it")
        if screenshots:
            (screenshots / f"{name}-{scheme}-{width}.png").write_bytes(page.screenshot())
    check(not page.problems, f"no message in the console: {page.problems}")


def main():
    nnc, make_study = sys.argv[1:3]
    screenshots = pathlib.Path(sys.argv[3]) if len(sys.argv) > 3 else None
    program = browser.find()
    if program is None:
        print("SKIPPED: there is no Chromium (apt-get install chromium): the page of a report was not opened in a browser")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([make_study, folder], check=True)
        for study in FIGURES:
            first = subprocess.run([nnc, "report", folder / study], capture_output=True, text=True)
            check(first.returncode == 0 and not first.stderr, f"nnc report: {first.stderr}")
            kept = folder / (study + ".html")
            (folder / study / "report.html").rename(kept)
            second = subprocess.run([nnc, "report", folder / study], capture_output=True, text=True)
            check(second.stdout == first.stdout and filecmp.cmp(kept, folder / study / "report.html", shallow=False), "the same bytes again")
        page = browser.Browser(program)
        try:
            for study in FIGURES:
                check_page(page, folder / study, study, screenshots)
                print(study, "looks right")
        finally:
            page.close()


main()
