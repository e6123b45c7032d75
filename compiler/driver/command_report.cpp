// nnc report: the page, figures and tables of a study folder.
#include "report/report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "driver/driver.h"
#include "training/interrupt.h"

namespace nnc::driver {

int reportCommand(Context& context) {
  const std::string& directory = context.line.file();
  const training::InterruptGuard interrupt;  // no file is left half-written
  const std::optional<report::Report> report = report::writeReport(directory, context.diagnostics);
  if (!report) return 3;
  if (context.line.options.json) {
    nlohmann::ordered_json files = nlohmann::ordered_json::array();
    for (const auto& [name, text] : report->files) files.push_back(name);
    const nlohmann::ordered_json object = {{"study", directory}, {"page", report->pageName}, {"files", files}};
    writeResult(object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
  } else {
    writeResult(report->terminal + fmt::format("\nreport {}/{}\n", directory, report->pageName));
  }
  return interrupt.isInterrupted() ? 130 : 0;
}

}  // namespace nnc::driver
