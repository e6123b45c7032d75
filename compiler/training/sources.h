// The row sources of the readers: one `open` for each kind of elaborate::Source.
#pragma once
#include "training/row_source.h"

namespace nnc::training {

std::unique_ptr<RowSource> open(const elaborate::IdxSource& node, const elaborate::Source& source,
                                std::span<const elaborate::Field> fields, const OpenOptions& options,
                                Diagnostics& diagnostics);
std::unique_ptr<RowSource> open(const elaborate::NpySource& node, const elaborate::Source& source,
                                std::span<const elaborate::Field> fields, const OpenOptions& options,
                                Diagnostics& diagnostics);
std::unique_ptr<RowSource> open(const elaborate::NpzSource& node, const elaborate::Source& source,
                                std::span<const elaborate::Field> fields, const OpenOptions& options,
                                Diagnostics& diagnostics);
std::unique_ptr<RowSource> open(const elaborate::BinSource& node, const elaborate::Source& source,
                                std::span<const elaborate::Field> fields, const OpenOptions& options,
                                Diagnostics& diagnostics);
std::unique_ptr<RowSource> open(const elaborate::CsvSource& node, const elaborate::Source& source,
                                std::span<const elaborate::Field> fields, const OpenOptions& options,
                                Diagnostics& diagnostics);
std::unique_ptr<RowSource> open(const elaborate::ImagesSource& node, const elaborate::Source& source,
                                std::span<const elaborate::Field> fields, const OpenOptions& options,
                                Diagnostics& diagnostics);
std::unique_ptr<RowSource> open(const elaborate::TextSource& node, const elaborate::Source& source,
                                std::span<const elaborate::Field> fields, const OpenOptions& options,
                                Diagnostics& diagnostics);
std::unique_ptr<RowSource> open(const elaborate::GenerateSource& node, const elaborate::Source& source,
                                std::span<const elaborate::Field> fields, const OpenOptions& options,
                                Diagnostics& diagnostics);
std::unique_ptr<RowSource> open(const elaborate::ZipSource& node, const elaborate::Source& source,
                                std::span<const elaborate::Field> fields, const OpenOptions& options,
                                Diagnostics& diagnostics);

}  // namespace nnc::training
