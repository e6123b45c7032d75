// How the page looks and what its script does.
#include "report/page.h"

namespace nnc::report {

std::string_view pageStyle() {
  return R"css(
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:17px/1.55 "Source Serif 4","Source Serif Pro","Charter","Bitstream Charter",Cambria,Georgia,"DejaVu Serif",serif}
main{max-width:50rem;margin:0 auto;padding:2.2rem 1rem 5rem}
h1{font-size:1.95rem;line-height:1.2;margin:.2em 0 .35em;font-weight:600;letter-spacing:-.01em}
h2{font-size:1.22rem;line-height:1.3;margin:2.6rem 0 .6rem;font-weight:600}
h2.part{margin-top:4rem;border-top:1px solid var(--grid);padding-top:1.6rem;font-size:1.4rem}
p{margin:.6em 0}
a{color:var(--c0)}
.scope{color:var(--soft);margin:0;font-style:italic}
.doc{margin-top:.8rem}
.caveat{border-left:3px solid var(--c1);padding:.2em 0 .2em .8em}
nav{font:14px/1.9 "Inter","Helvetica Neue",Arial,sans-serif;border-block:1px solid var(--grid);padding:.5rem 0;margin:1.4rem 0}
nav a{margin-right:1em;text-decoration:none;white-space:nowrap}
.verdict>p:first-child{color:var(--soft)}
.verdict>ul{margin:.6em 0;padding-left:1.2em}
.verdict>ul li{margin:.2em 0}
figure{margin:0}
.drawing{overflow-x:auto;-webkit-overflow-scrolling:touch}
.drawing svg{display:block;width:100%;min-width:560px;height:auto}
figcaption,.caption{font-size:.86rem;line-height:1.5;color:var(--soft);margin:.5rem 0 0}
figcaption b,.caption b{color:var(--ink)}
.source{white-space:normal}
.swatch{display:inline-block;width:.8em;height:.8em;border-radius:50%;background:var(--c);vertical-align:-.05em}
.variants>input{position:absolute;opacity:0}
.variants>label{display:inline-block;font:13px/1 "Inter","Helvetica Neue",Arial,sans-serif;padding:.45em .8em;margin:0 .35em .5em 0;border:1px solid var(--grid);border-radius:99px;cursor:pointer}
.variants>input:checked+label{background:var(--ink);color:var(--paper);border-color:var(--ink)}
.variants>input:focus-visible+label{outline:2px solid var(--c0);outline-offset:2px}
.variants>.drawing{display:none}
.variants>input:nth-of-type(1):checked~.drawing:nth-of-type(1),.variants>input:nth-of-type(2):checked~.drawing:nth-of-type(2),.variants>input:nth-of-type(3):checked~.drawing:nth-of-type(3),.variants>input:nth-of-type(4):checked~.drawing:nth-of-type(4){display:block}
.scroll{overflow-x:auto;margin:1rem 0}
table{border-collapse:collapse;font:13.5px/1.45 "Inter","Helvetica Neue",Arial,"Liberation Sans",sans-serif;font-variant-numeric:tabular-nums;min-width:100%}
.table-caption{font:13.5px/1.45 "Inter","Helvetica Neue",Arial,"Liberation Sans",sans-serif;color:var(--soft);margin:1.4rem 0 -.5rem}
th,td{text-align:left;padding:.34em .7em .34em 0;vertical-align:top;border-bottom:1px solid var(--grid)}
thead th{border-bottom:1.5px solid var(--ink);font-weight:600;vertical-align:bottom}
thead{border-top:1.5px solid var(--ink)}
th small,td small{color:var(--soft);font-weight:400}
th small,td b+small{display:block}
.sortable th{cursor:pointer;white-space:nowrap}
.sortable th[aria-sort=ascending]::after{content:" \2191"}
.sortable th[aria-sort=descending]::after{content:" \2193"}
.sortable th:focus-visible{outline:2px solid var(--c0)}
td details ul{margin:.3em 0;padding-left:1.1em}
summary{cursor:pointer}
details>summary{font-size:.95em}
code,pre{font:13px/1.5 "JetBrains Mono","SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
pre{overflow-x:auto;padding:1rem;border:1px solid var(--grid);border-radius:4px}
.number{white-space:nowrap}
.edge-flag{color:var(--c1);font-size:.85em}
.expects{list-style:none;padding:0}
.expects li{font-size:.95rem;margin:.5em 0;padding-left:6.2em;position:relative}
.badge{position:absolute;left:0;font:600 11.5px/1.9 "Inter","Helvetica Neue",Arial,sans-serif;text-transform:uppercase;letter-spacing:.04em}
.held .badge{color:var(--c2)}.failed .badge{color:var(--c1)}.undecided .badge{color:var(--soft)}
.expects small,.detail{color:var(--soft);font-size:.86em}
.absent{color:var(--soft)}
@media (max-width:500px){body{font-size:16px}main{padding:1.2rem .9rem 3rem}h1{font-size:1.55rem}.expects li{padding-left:0}.badge{position:static;margin-right:.5em}}
@media print{body{font-size:10.5pt}main{max-width:none;padding:0}nav,.variants>label,script{display:none}.figure{break-inside:avoid}h2{break-after:avoid}.drawing{overflow:visible}.drawing svg{min-width:0}a{color:inherit;text-decoration:none}}
)css";
}

std::string_view pageScript() {
  return R"js(
"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
  const key = cell => {
    const text = cell.textContent.trim(), number = parseFloat(text.replace(/\u2212/g, "-").replace(/^C(?=\d)/, ""));
    return Number.isNaN(number) ? text : number;
  };
  const compare = (a, b) => typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === "number" ? -1 : 1;
  const sort = column => {
    const isUp = heads[column].getAttribute("aria-sort") !== "ascending";
    heads.forEach(head => head.removeAttribute("aria-sort"));
    heads[column].setAttribute("aria-sort", isUp ? "ascending" : "descending");
    const rows = [...body.rows].map((row, index) => ({row, index, key: key(row.cells[column])}));
    rows.sort((a, b) => (isUp ? 1 : -1) * compare(a.key, b.key) || a.index - b.index);
    body.append(...rows.map(entry => entry.row));
  };
  heads.forEach((head, column) => {
    head.tabIndex = 0;
    head.addEventListener("click", () => sort(column));
    head.addEventListener("keydown", event => { if (event.key === "Enter") sort(column); });
  });
}
const reveal = () => {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  for (let up = target; up; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
  if (target) target.scrollIntoView();
};
addEventListener("hashchange", reveal);
reveal();
)js";
}

}  // namespace nnc::report
