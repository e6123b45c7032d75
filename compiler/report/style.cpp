#include "report/style.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace nnc::report {

namespace {

struct Colour {
  double red, green, blue;
};

std::string hex(const Colour& c) {
  return fmt::format("#{:02x}{:02x}{:02x}", static_cast<int>(std::lround(c.red)),
                     static_cast<int>(std::lround(c.green)), static_cast<int>(std::lround(c.blue)));
}

Colour between(const Colour& a, const Colour& b, double share) {
  return {a.red + share * (b.red - a.red), a.green + share * (b.green - a.green), a.blue + share * (b.blue - a.blue)};
}

// Blue and orange-red differ for all common kinds of colour blindness; both darken away from the middle.
constexpr std::array<Colour, 2> kLow = {{{12, 44, 110}, {84, 142, 205}}};
constexpr std::array<Colour, 2> kHigh = {{{226, 135, 82}, {128, 32, 12}}};
constexpr Colour kMiddleLight = {245, 242, 234}, kMiddleDark = {50, 52, 58};

Colour diverging(int step, const Colour& middle) {
  const double place = 2.0 * step / (kDivergingSteps - 1) - 1.0;  // -1..1
  const double side = std::abs(place);
  const Colour near = place < 0 ? kLow[1] : kHigh[0], far = place < 0 ? kLow[0] : kHigh[1];
  return side < 0.5 ? between(middle, near, side * 2) : between(near, far, side * 2 - 1);
}

// Samples of cividis. Source: Nunez, Anderton, Renslow, "Optimizing colormaps with consideration for color vision
// deficiency", PLOS ONE 13(7), 2018.
constexpr std::array<const char*, kSequentialSteps> kCividis = {"#00224e", "#123570", "#3b496c", "#575d6d", "#707173",
                                                                "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838"};
constexpr int kFirstLight = 5;  // text on it is black from here on

constexpr const char* kSheet = R"css(
:root{--paper:#fffefb;--ink:#1d1f23;--soft:#62666e;--faint:#a9abb0;--grid:#e9e6de;--hatch:#9a978f;
--c0:#0072b2;--c1:#d55e00;--c2:#008f68;--c3:#a8478a;--c4:#c18300;--c5:#3a94c9;--c6:#555a63;--c7:#7d7000;color-scheme:light}
@media screen and (prefers-color-scheme:dark){:root{--paper:#17181b;--ink:#e9e7e1;--soft:#a3a6ad;--faint:#6c6f76;--grid:#2c2e33;--hatch:#777;
--c0:#5aaee8;--c1:#ff8f52;--c2:#3bc99c;--c3:#e391c4;--c4:#f0b648;--c5:#8fd3f8;--c6:#bfc1c6;--c7:#d8cb55;color-scheme:dark}}
svg{background:var(--paper);font-family:"Inter","Helvetica Neue",Arial,"Liberation Sans","DejaVu Sans",sans-serif;font-size:12px}
svg text{fill:var(--ink)}
svg .tick{fill:var(--soft);font-size:11.5px;font-variant-numeric:tabular-nums}
svg .name{fill:var(--ink);font-size:12.5px}
svg .small{font-size:10.5px}
svg .soft{fill:var(--soft)}
svg .strong{font-weight:600}
.grid{stroke:var(--grid);stroke-width:1;fill:none}
.axis{stroke:var(--soft);stroke-width:1;fill:none}
.zero{stroke:var(--ink);stroke-width:1;fill:none}
.chance{stroke:var(--soft);stroke-width:1;stroke-dasharray:2 3;fill:none}
.line{stroke:var(--c);stroke-width:2;fill:none;stroke-linejoin:round;stroke-linecap:round}
.thin{stroke-width:1}
.theory{stroke:var(--ink);stroke-width:1.2;stroke-dasharray:5 4;fill:none}
.context{--c:var(--faint);stroke-width:1;stroke-opacity:.55}
.band{fill:var(--c);fill-opacity:.16;stroke:none}
.dot{fill:var(--c);stroke:var(--paper);stroke-width:1}
.ring{fill:var(--paper);stroke:var(--c);stroke-width:1.8}
.point{fill:var(--c);fill-opacity:.45;stroke:none}
.mark{stroke:var(--c);stroke-width:1.8;fill:var(--paper)}
.bar{fill:var(--c)}
.whisker{stroke:var(--c);stroke-width:1.6;fill:none}
.edge{stroke:var(--faint);stroke-width:1;fill:none}
.best{stroke:var(--c1);stroke-width:3;fill:none;stroke-linecap:round}
.box{fill:none;stroke:var(--grid);stroke-width:1}
.halo{stroke:var(--paper);stroke-width:3px;paint-order:stroke}
.dash1{stroke-dasharray:6 4}.dash2{stroke-dasharray:2 3}
.contour{stroke:var(--paper);stroke-opacity:.75;stroke-width:1;fill:none}
.hatched{stroke:var(--hatch);stroke-width:1;fill:none}
)css";

}  // namespace

int stepOf(double share, int steps) {
  if (!(share > 0)) return 0;
  return std::min(steps - 1, static_cast<int>(share * steps));
}

std::string sequentialStyle(int step) { return fmt::format("q{}", step); }
std::string divergingStyle(int step) { return fmt::format("h{}", step); }

std::string figureStyle() {
  std::string css = kSheet;
  for (int i = 0; i < 8; ++i) css += fmt::format(".c{}{{--c:var(--c{})}}", i, i);
  css += '\n';
  for (int i = 0; i < kSequentialSteps; ++i)
    css += fmt::format(".q{}{{fill:{}}}svg .on{}{{fill:{}}}", i, kCividis[static_cast<std::size_t>(i)], i,
                       i < kFirstLight ? "#fff" : "#111");
  css += '\n';
  std::string dark;
  for (int i = 0; i < kDivergingSteps; ++i) {
    css += fmt::format(".h{}{{fill:{}}}", i, hex(diverging(i, kMiddleLight)));
    dark += fmt::format(".h{}{{fill:{}}}", i, hex(diverging(i, kMiddleDark)));
  }
  return css + fmt::format("\n@media screen and (prefers-color-scheme:dark){{{}}}\n", dark);
}

}  // namespace nnc::report
