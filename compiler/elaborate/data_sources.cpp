// The readers of `source:` and `test:` with their arguments: one function for each implemented row of readers.def.
#include <fmt/format.h>

#include <algorithm>

#include "diagnostics/kinds/project.h"
#include "elaborate/data_parts.h"
#include "elaborate/readers.h"
#include "elaborate/settings.h"
#include "support/suggest.h"

namespace nnc::elaborate {

using syntax::BlockKind;

static std::optional<ReadSource> readReader(Elaborator& elaborator, const syntax::Expr& expr, std::string_view setting,
                                            const DataUse& use, const FieldList* declared, std::size_t& taken,
                                            bool isPartOfZip);

namespace {

/// Reads the arguments of one reader call. Everything that is wrong is reported with the reader's row of the table.
class ReaderCall {
 public:
  ReaderCall(Elaborator& elaborator, const ReaderInfo& reader, const syntax::Expr& expr, std::string_view setting,
             const DataUse& use, const FieldList* declared, std::size_t& taken, bool isPartOfZip)
      : elaborator_(elaborator),
        reader_(reader),
        expr_(expr),
        call_(std::get<syntax::CallExpr>(expr.node)),
        setting_(setting),
        use_(use),
        declared_(declared),
        taken_(taken),
        isPartOfZip_(isPartOfZip) {}

  std::optional<ReadSource> idx() { return filePerField<IdxSource>(); }
  std::optional<ReadSource> npy() { return filePerField<NpySource>(); }

  std::optional<ReadSource> npz() {
    NpzSource npz;
    if (!match({"file"}, 1) || !readFile(*argument("file"), npz.file)) return std::nullopt;
    return withDeclared(std::move(npz));
  }

  std::optional<ReadSource> csv() {
    CsvSource csv;
    if (!match({"file", "header", "label", "missing"}, 1) || !readFile(*argument("file"), csv.file) ||
        !readHeader(csv) || !readLabel(csv) || !readMissing(csv))
      return std::nullopt;
    return withDeclared(std::move(csv));
  }

  std::optional<ReadSource> bin() {
    BinSource bin;
    if (!match({"files", "record"}, 2) || !readFile(*argument("files"), bin.pattern)) return std::nullopt;
    std::optional<FieldList> record = readFieldList(elaborator_, *argument("record")->value, *use_.scope, "record",
                                                    "fields with types: (label: u8, pixels: u8[3, 32, 32])");
    if (!record) return std::nullopt;
    return finish(std::move(bin), std::move(*record));
  }

  std::optional<ReadSource> images() {
    ImagesSource images;
    if (!match({"folder", "size"}, 2) || !readFile(*argument("folder"), images.folder) || !readSize(images))
      return std::nullopt;
    FieldList raw{{{"image", {ir::DType::U8, {3, images.height, images.width}}}, {"label", {ir::DType::I32, {}}}},
                  {expr_.span, expr_.span}};
    return finish(std::move(images), std::move(raw));
  }

  std::optional<ReadSource> generate() {
    GenerateSource generated;
    // `i` is an i32.
    if (!match({"n", "example", "seed"}, 2) || !readCount(*argument("n"), generated.count, 0x7FFFFFFF) ||
        !readSeed(generated))
      return std::nullopt;
    std::optional<FieldList> raw = traceExample(generated, *argument("example"));
    if (!raw) return std::nullopt;
    return finish(std::move(generated), std::move(*raw));
  }

  std::optional<ReadSource> zip() {
    ZipSource zip;
    FieldList raw;
    if (call_.arguments.size() < 2) return none(refuse(expr_.span, "two readers or more"));
    for (const syntax::Arg& part : call_.arguments) {
      if (part.name) return none(refuse(part.span, "readers without names"));
      std::optional<ReadSource> source =
          readReader(elaborator_, *part.value, setting_, use_, declared_, taken_, /*isPartOfZip=*/true);
      if (!source) return std::nullopt;
      zip.fieldCounts.push_back(source->raw.fields.size());
      zip.sources.push_back(std::move(source->source));
      for (std::size_t i = 0; i < source->raw.fields.size(); ++i) {
        Field& field = source->raw.fields[i];
        const bool isTaken = std::any_of(raw.fields.begin(), raw.fields.end(),
                                         [&](const Field& other) { return other.name == field.name; });
        if (isTaken)
          return none(refuse(part.span, fmt::format("one field `{}`, and two readers deliver one", field.name)));
        raw.fields.push_back(std::move(field));
        raw.places.push_back(source->raw.places[i]);
      }
    }
    return finish(std::move(zip), std::move(raw));
  }

  std::optional<ReadSource> text_windows() {
    TextSource text;
    if (!match({"file", "length", "vocab"}, 2) || !readFile(*argument("file"), text.file) ||
        !readCount(*argument("length"), text.length) || !readVocabulary(text))
      return std::nullopt;
    const ir::Type tokens{ir::DType::I32, {text.length}};
    return finish(std::move(text), FieldList{{{"tokens", tokens}, {"y", tokens}}, {expr_.span, expr_.span}});
  }

 private:
  static std::nullopt_t none(bool) { return std::nullopt; }

  template <typename Node>
  std::optional<ReadSource> finish(Node node, FieldList raw) {
    ReadSource read{{}, std::move(raw)};
    read.source.node = std::move(node);
    read.source.span = expr_.span;
    read.source.baseDirectory = use_.home->directory;
    return read;
  }
  template <typename Node>
  std::optional<ReadSource> filePerField() {
    Node node;
    if (!readFiles(node.files)) return std::nullopt;
    std::optional<FieldList> raw = takeDeclared(node.files.size());
    if (!raw) return std::nullopt;
    return finish(std::move(node), std::move(*raw));
  }
  /// A reader that takes all fields that are left.
  template <typename Node>
  std::optional<ReadSource> withDeclared(Node node) {
    std::optional<FieldList> raw =
        takeDeclared(declared_ == nullptr ? 0 : std::max<std::size_t>(declared_->fields.size() - taken_, 1));
    if (!raw) return std::nullopt;
    return finish(std::move(node), std::move(*raw));
  }

  bool refuse(Span where, std::string_view what) {
    elaborator_.error<diag::ReaderArguments>(where, reader_.name, what).note(fmt::format("{}", reader_.doc));
    return false;
  }

  /// Matches the arguments with `names`, the first `required` of which must be given.
  bool match(std::vector<std::string_view> names, std::size_t required) {
    std::size_t position = 0;
    for (const syntax::Arg& given : call_.arguments) {
      std::string_view name;
      if (given.name) {
        name = given.name->text;
        if (std::find(names.begin(), names.end(), name) == names.end())
          return refuse(given.span, fmt::format("no argument `{}`; it takes {}", name, fmt::join(names, ", ")));
      } else {
        if (position == names.size())
          return refuse(given.span, fmt::format("no more than {} arguments: {}", names.size(), fmt::join(names, ", ")));
        name = names[position++];
      }
      if (argument(name) != nullptr) return refuse(given.span, fmt::format("`{}` once", name));
      matched_.emplace_back(name, &given);
    }
    for (std::size_t i = 0; i < required; ++i)
      if (argument(names[i]) == nullptr) return refuse(expr_.span, fmt::format("the argument `{}`", names[i]));
    return true;
  }
  const syntax::Arg* argument(std::string_view name) const {
    for (const auto& [known, given] : matched_)
      if (known == name) return given;
    return nullptr;
  }

  bool readFile(const syntax::Arg& given, SourceFile& file) {
    const std::optional<Value> value = elaborator_.evaluate(*given.value, *use_.scope);
    if (!value) return false;
    const auto* name = std::get_if<Text>(&*value);
    if (name == nullptr || name->text.empty())
      return refuse(given.span, fmt::format("the name of a file, and this is {}", describe(*value)));
    file = {std::string(name->text), given.value->span};
    return true;
  }
  /// Every argument is the name of a file.
  bool readFiles(std::vector<SourceFile>& files) {
    for (const syntax::Arg& given : call_.arguments) {
      const std::optional<Value> value = elaborator_.evaluate(*given.value, *use_.scope);
      if (!value) return false;
      const auto* name = std::get_if<Text>(&*value);
      if (name == nullptr || given.name || name->text.empty()) {
        elaborator_.error<diag::ReaderArguments>(given.span, reader_.name, "names of files, one for each field")
            .label(given.name ? fmt::format("`{}`", given.name->text) : describe(*value));
        return false;
      }
      files.push_back({std::string(name->text), given.value->span});
    }
    return true;
  }
  /// `most`: by default what a dim may have.
  bool readCount(const syntax::Arg& given, std::int64_t& count, std::int64_t most = std::int64_t{1} << 40) {
    const std::optional<Value> value = elaborator_.evaluate(*given.value, *use_.scope);
    if (!value) return false;
    const auto* number = std::get_if<std::int64_t>(&*value);
    if (number == nullptr || *number < 1 || *number > most)
      return refuse(given.span, fmt::format("a whole number from 1 to {}, and this is {}",
                                            most == std::int64_t{1} << 40 ? "2^40" : std::to_string(most),
                                            number != nullptr ? fmt::format("{}", *number) : describe(*value)));
    count = *number;
    return true;
  }
  bool readVocabulary(TextSource& text) {
    const syntax::Arg* const given = argument("vocab");
    if (given == nullptr) return true;
    if (const auto* call = std::get_if<syntax::CallExpr>(&given->value->node)) {
      const auto* callee = std::get_if<syntax::NameExpr>(&call->callee->node);
      if (callee != nullptr && callee->name == "bpe" && call->arguments.size() == 1 && !call->arguments[0].name) {
        text.vocabulary = Vocabulary::BytePairs;
        return readFile(call->arguments[0], text.tokenizer);
      }
    }
    const std::optional<Value> value = elaborator_.evaluate(*given->value, *use_.scope);
    if (!value) return false;
    const auto* symbol = std::get_if<Symbol>(&*value);
    if (symbol != nullptr && symbol->name == "bytes") return true;
    if (symbol != nullptr && symbol->name == "chars") {
      text.vocabulary = Vocabulary::Characters;
      return true;
    }
    return refuse(given->span,
                  fmt::format("`vocab: .bytes`, `.chars` or `bpe(\"bpe.json\")`, and this is {}", toText(*value)));
  }

  /// The next `count` fields of the setting `fields`.
  std::optional<FieldList> takeDeclared(std::size_t count) {
    if (declared_ == nullptr) {
      elaborator_
          .error<diag::MissingSetting>(use_.block != nullptr ? use_.block->name.span : expr_.span, "data", use_.name(),
                                       "fields")
          .help("name the fields of the files with their types: `fields: (pixels: u8[28, 28], label: u8)`");
      return std::nullopt;
    }
    const std::size_t fields = declared_->fields.size();
    if (taken_ + count > fields || (!isPartOfZip_ && count != fields)) {
      elaborator_.error<diag::FieldCount>(expr_.span, fields == 1 ? "one field" : fmt::format("{} fields", fields),
                                          setting_, count == 1 ? "one file" : fmt::format("{} files", count));
      return std::nullopt;
    }
    const auto from = static_cast<std::ptrdiff_t>(taken_), to = from + static_cast<std::ptrdiff_t>(count);
    taken_ += count;
    return FieldList{{declared_->fields.begin() + from, declared_->fields.begin() + to},
                     {declared_->places.begin() + from, declared_->places.begin() + to}};
  }

  bool readSeed(GenerateSource& generated) {
    const syntax::Arg* const given = argument("seed");
    if (given == nullptr) return true;
    const std::optional<Value> value = elaborator_.evaluate(*given->value, *use_.scope);
    if (!value) return false;
    const auto* seed = std::get_if<std::int64_t>(&*value);
    if (seed == nullptr || *seed < 0)
      return refuse(given->span, fmt::format("a seed that is a whole number from 0, and this is {}", toText(*value)));
    generated.seed = *seed;
    return true;
  }

  /// The function of an example as a function of the program; its results are the fields.
  std::optional<FieldList> traceExample(GenerateSource& generated, const syntax::Arg& given) {
    constexpr std::string_view kTakes = "a function of (i, key) that gives a record of fields, (x: .., y: ..)";
    const std::optional<Value> function = elaborator_.evaluate(*given.value, *use_.scope);
    if (!function) return std::nullopt;
    if (asCallable(*function) == nullptr)
      return none(refuse(given.span, fmt::format("{}, and this is {}", kTakes, describe(*function))));
    generated.function = generated.module.addFunction("example");
    Trace trace(generated.module, generated.function, Mode::Eval);
    trace.stream = "data";
    const ir::Value i = trace.builder.addParameter({ir::DType::I64, {}}, "i");
    trace.step = i;
    trace.seed = trace.builder.addParameter({ir::DType::I64, {}}, "seed");
    const Elaborator::Tracing tracing(elaborator_, trace);
    RandomKey* const key = elaborator_.arena().make(RandomKey{.stream = "data", .path = use_.name()});
    std::vector<Argument> arguments = {
        {{}, elaborator_.traced(trace.builder.cast(i, ir::DType::I32), given.span), given.span}, {{}, key, given.span}};
    const std::optional<Value> example =
        elaborator_.apply(*function, std::move(arguments), CallSite{given.value->span, ""});
    if (!example) return std::nullopt;
    const auto* record = std::get_if<const Record*>(&*example);
    if (record == nullptr || (*record)->fields.empty())
      return none(refuse(given.span, fmt::format("{}, and this one gives {}", kTakes, describe(*example))));
    FieldList raw;
    for (const auto& [name, value] : (*record)->fields) {
      if (name.empty()) return none(refuse(given.span, fmt::format("{}; a field has no name", kTakes)));
      const std::optional<ir::Value> tensor = elaborator_.toTensor(value, given.span);
      if (!tensor) return std::nullopt;
      const ir::Type& type = generated.module.function(generated.function).type(*tensor);
      raw.fields.push_back({std::string(name), type});
      raw.places.push_back(given.span);
      trace.builder.addResult(*tensor, std::string(name));
    }
    return raw;
  }

  bool readHeader(CsvSource& csv) {
    const syntax::Arg* const given = argument("header");
    if (given == nullptr) return true;
    const std::optional<Value> value = elaborator_.evaluate(*given->value, *use_.scope);
    if (!value) return false;
    if (const bool* const isThere = std::get_if<bool>(&*value)) {
      csv.header = *isThere ? CsvHeader::Yes : CsvHeader::No;
      return true;
    }
    const auto* symbol = std::get_if<Symbol>(&*value);
    if (symbol != nullptr && symbol->name == "auto") return true;
    return refuse(given->span, fmt::format("`header: .auto`, true or false, and this is {}", toText(*value)));
  }
  bool readLabel(CsvSource& csv) {
    const syntax::Arg* const given = argument("label");
    if (given == nullptr) return true;
    csv.label.emplace();
    return readFile(*given, *csv.label);
  }
  bool readMissing(CsvSource& csv) {
    const syntax::Arg* const given = argument("missing");
    if (given == nullptr) return true;
    const std::optional<Value> value = elaborator_.evaluate(*given->value, *use_.scope);
    if (!value) return false;
    csv.missing = asReal(*value);
    return csv.missing ||
           refuse(given->span, fmt::format("a number for empty cells, and this is {}", describe(*value)));
  }
  bool readSize(ImagesSource& images) {
    constexpr std::int64_t kMost = 16'384;
    const syntax::Arg& given = *argument("size");
    const std::optional<Value> value = elaborator_.evaluate(*given.value, *use_.scope);
    if (!value) return false;
    const auto* record = std::get_if<const Record*>(&*value);
    std::vector<std::int64_t> sizes;
    if (record != nullptr)
      for (const auto& [name, size] : (*record)->fields)
        if (const auto* number = std::get_if<std::int64_t>(&size);
            number != nullptr && *number >= 1 && *number <= kMost)
          sizes.push_back(*number);
    if (sizes.size() != 2 || (*record)->fields.size() != 2)
      return refuse(given.span, "the size of the images as (height, width), each from 1 to 16384");
    images.height = sizes[0];
    images.width = sizes[1];
    return true;
  }

  Elaborator& elaborator_;
  const ReaderInfo& reader_;
  const syntax::Expr& expr_;
  const syntax::CallExpr& call_;
  std::string_view setting_;
  const DataUse& use_;
  const FieldList* declared_;
  std::size_t& taken_;  // fields of `declared_` so far
  bool isPartOfZip_;
  std::vector<std::pair<std::string_view, const syntax::Arg*>> matched_;
};

}  // namespace

static std::optional<ReadSource> readReader(Elaborator& elaborator, const syntax::Expr& expr, std::string_view setting,
                                            const DataUse& use, const FieldList* declared, std::size_t& taken,
                                            bool isPartOfZip) {
  std::string_view name;
  const ReaderInfo* const reader = readerOf(elaborator.modules(), expr, *use.home, name);
  if (reader == nullptr) {
    std::vector<std::string> known;
    for (const ReaderInfo& info : allReaders()) known.emplace_back(info.name);
    Report report = elaborator.error<diag::NoReader>(expr.span, setting);
    report.note(fmt::format("`{}:` takes {}", setting, settingTakes(BlockKind::Data, "source")));
    if (const auto close = closestName(name, known)) report.help(fmt::format("did you mean `{}`?", *close));
    return std::nullopt;
  }
  ReaderCall call(elaborator, *reader, expr, setting, use, declared, taken, isPartOfZip);
#define NNC_READER(NAME, DOC) \
  if (reader->name == #NAME) return call.NAME();
#include "elaborate/readers.def"
#undef NNC_READER
  return std::nullopt;
}

std::optional<ReadSource> readSource(Elaborator& elaborator, const syntax::Expr& expr, std::string_view setting,
                                     const DataUse& use, const FieldList* declared) {
  std::size_t taken = 0;
  std::optional<ReadSource> source = readReader(elaborator, expr, setting, use, declared, taken, /*isPartOfZip=*/false);
  if (!source || declared == nullptr || taken == declared->fields.size()) return source;
  std::vector<std::string> own;
  for (const Field& field : source->raw.fields)
    own.push_back(fmt::format("{}: {}", field.name, ir::toString(field.type)));
  elaborator
      .error<diag::OwnFields>(declared->places[taken],
                              elaborator.sources().text(std::get<syntax::CallExpr>(expr.node).callee->span))
      .also(expr.span, fmt::format("delivers {}", fmt::join(own, ", ")))
      .help(taken == 0 ? "leave `fields` out" : "declare in `fields` only what idx, csv, npy and npz read");
  return std::nullopt;
}

}  // namespace nnc::elaborate
