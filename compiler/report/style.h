// Colours and type of figures: one style sheet for the page and for figures as files.
#pragma once
#include <string>

namespace nnc::report {

/// CSS: variables of the light and the dark theme, and the classes that svg.h and plot.h name.
std::string figureStyle();

/// Colours of a diverging map (classes h0..h14): blue, neutral, orange-red. The middle one is neutral in both themes.
inline constexpr int kDivergingSteps = 15;
/// Colours of a sequential map (classes q0..q9), of rising lightness: cividis.
inline constexpr int kSequentialSteps = 10;

/// The step of a share in 0..1.
int stepOf(double share, int steps);
/// `q3`, and for text on it `on3`.
std::string sequentialStyle(int step);
std::string divergingStyle(int step);

}  // namespace nnc::report
