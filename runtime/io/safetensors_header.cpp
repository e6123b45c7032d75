#include "io/safetensors_header.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <tuple>

#include "io/failures.h"

namespace nnc::runtime {

namespace {

constexpr std::int64_t kJsonOffset = 8;
constexpr std::size_t kMaxTensors = 65536;
constexpr std::size_t kMaxRank = 8;

/// Reads characters and notes how far it came: the JSON library does not tell its handlers where they are.
class TrackingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  TrackingIterator(const char* at, const char** reached) : at_(at), reached_(reached) {}
  reference operator*() const { return *at_; }
  TrackingIterator& operator++() {
    ++at_;
    if (reached_ != nullptr) *reached_ = at_;
    return *this;
  }
  TrackingIterator operator++(int) {
    TrackingIterator old = *this;
    ++*this;
    return old;
  }
  friend bool operator==(const TrackingIterator& a, const TrackingIterator& b) { return a.at_ == b.at_; }
  friend bool operator!=(const TrackingIterator& a, const TrackingIterator& b) { return a.at_ != b.at_; }

 private:
  const char* at_;
  const char** reached_;
};

std::optional<Element> elementOf(std::string_view name) {
  for (const Element element :
       {Element::F32, Element::F64, Element::BF16, Element::I8, Element::U8, Element::I32, Element::I64, Element::Bool})
    if (name == elementName(element)) return element;
  return std::nullopt;
}

bool isForeignElement(std::string_view name) {
  for (const std::string_view foreign : {"F16", "I16", "U16", "U32", "U64", "F8_E4M3", "F8_E5M2", "C64"})
    if (name == foreign) return true;
  return false;
}

/// Takes the events of the JSON parser. Returning false stops it.
class HeaderReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  HeaderReader(const std::string& path, const char* begin, const char* const& reached, TensorHeader& header,
               Failure& failure)
      : path_(path), begin_(begin), reached_(reached), header_(header), failure_(failure) {}

  bool null() override { return unexpected("null"); }
  bool boolean(bool) override { return unexpected("a boolean"); }
  bool number_float(number_float_t, const string_t&) override {
    return unexpected("a number with a fraction or too many digits");
  }
  bool binary(binary_t&) override { return unexpected("binary data"); }
  bool number_integer(number_integer_t value) override {
    return stop("`" + field_ + "` of " + quoted() + " holds the negative number " + std::to_string(value));
  }

  bool number_unsigned(number_unsigned_t value) override {
    if (place_ != Place::Shape && place_ != Place::Offsets) return unexpected("a number");
    if (value > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max()))
      return stop("`" + field_ + "` of " + quoted() + " overflows: " + std::to_string(value));
    numbers_.push_back(static_cast<std::int64_t>(value));
    if (place_ == Place::Shape && numbers_.size() > kMaxRank) return stop(quoted() + " has more than 8 dimensions");
    if (place_ == Place::Offsets && numbers_.size() > 2)
      return stop("`data_offsets` of " + quoted() + " has more than two numbers");
    return true;
  }

  bool string(string_t& value) override {
    if (place_ == Place::Metadata) {
      header_.metadata[field_] = value;
      return true;
    }
    if (place_ != Place::Tensor || field_ != "dtype") return unexpected("a string");
    const std::optional<Element> element = elementOf(value);
    if (!element && isForeignElement(value))
      return stop(quoted() + " has dtype " + value + ", which nnc does not read");
    if (!element) return stop(quoted() + " has the unknown dtype \"" + value + "\"");
    entry_.element = *element;
    return true;
  }

  bool start_object(std::size_t) override {
    if (place_ == Place::Start) {
      place_ = Place::Root;
      return true;
    }
    if (place_ != Place::Root) return unexpected("an object");
    fields_.clear();
    place_ = name_ == "__metadata__" ? Place::Metadata : Place::Tensor;
    entry_ = TensorEntry{};
    entry_.name = name_;
    entry_.headerOffset = offset();
    return true;
  }

  bool key(string_t& value) override {
    if (place_ == Place::Root) {
      if (!names_.insert(value).second) return stop("the key \"" + value + "\" stands twice");
      if (names_.size() - names_.count("__metadata__") > kMaxTensors) return stop("more than 65536 tensors");
      name_ = value;
      field_.clear();
      return true;
    }
    if (!fields_.insert(value).second) return stop("the key \"" + value + "\" stands twice in " + quoted());
    if (place_ == Place::Tensor && value != "dtype" && value != "shape" && value != "data_offsets")
      return stop(quoted() + " has the unknown key \"" + value + "\"");
    field_ = value;
    return true;
  }

  bool end_object() override {
    if (place_ == Place::Root) {
      place_ = Place::End;
      return true;
    }
    if (place_ == Place::Tensor && !finishTensor()) return false;
    place_ = Place::Root;
    return true;
  }

  bool start_array(std::size_t) override {
    if (place_ == Place::Tensor && field_ == "shape")
      place_ = Place::Shape;
    else if (place_ == Place::Tensor && field_ == "data_offsets")
      place_ = Place::Offsets;
    else
      return unexpected("an array");
    numbers_.clear();
    return true;
  }

  bool end_array() override {
    if (place_ == Place::Shape) entry_.shape = numbers_;
    if (place_ == Place::Offsets) {
      if (numbers_.size() != 2) return stop("`data_offsets` of " + quoted() + " needs two numbers");
      entry_.begin = numbers_[0];
      entry_.end = numbers_[1];
    }
    place_ = Place::Tensor;
    return true;
  }

  bool parse_error(std::size_t position, const std::string& lastToken,
                   const nlohmann::detail::exception& error) override {
    const std::string what = error.what();
    // The library's text names UTF-8 when that is the reason; otherwise the token says enough.
    const bool isEncoding = what.find("UTF-8") != std::string::npos;
    const auto at = kJsonOffset + static_cast<std::int64_t>(position > 0 ? position - 1 : 0);
    return fail(failure_, path_, at,
                isEncoding ? "the header is not valid UTF-8"
                           : "the header is not valid JSON at `" + printable(lastToken) + "`");
  }

 private:
  enum class Place { Start, Root, Metadata, Tensor, Shape, Offsets, End };

  std::int64_t offset() const { return kJsonOffset + (reached_ - begin_); }
  std::string quoted() const { return place_ == Place::Metadata ? "`__metadata__`" : "tensor \"" + name_ + "\""; }
  bool stop(std::string message) {
    return fail(failure_, path_, offset(), "the header is wrong: " + std::move(message));
  }

  bool unexpected(const std::string& what) {
    if (place_ == Place::Metadata) return stop("`__metadata__` holds strings only, and \"" + field_ + "\" is " + what);
    if (place_ == Place::Root || place_ == Place::Start)
      return stop("\"" + name_ + "\" is " + what + ", not an object");
    return stop("`" + field_ + "` of " + quoted() + " is " + what);
  }

  bool finishTensor() {
    for (const char* const field : {"dtype", "shape", "data_offsets"})
      if (!fields_.contains(field)) return stop(quoted() + " has no `" + field + "`");
    const std::optional<std::int64_t> bytes = checkedBytes(entry_.shape, elementBytes(entry_.element));
    if (!bytes) return stop("the shape of " + quoted() + " exceeds 2^48 bytes");
    if (entry_.end < entry_.begin || entry_.end - entry_.begin != *bytes)
      return stop("`data_offsets` of " + quoted() + " are [" + std::to_string(entry_.begin) + ", " +
                  std::to_string(entry_.end) + "], and its shape and dtype need " + std::to_string(*bytes) + " bytes");
    header_.tensors.push_back(std::move(entry_));
    return true;
  }

  static std::string printable(const std::string& token) {
    std::string text = token.substr(0, 40);
    std::replace_if(text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return text;
  }

  const std::string& path_;
  const char* begin_;
  const char* const& reached_;
  TensorHeader& header_;
  Failure& failure_;
  Place place_ = Place::Start;
  std::string name_, field_;
  std::set<std::string> names_, fields_;
  std::vector<std::int64_t> numbers_;
  TensorEntry entry_;
};

bool checkCoverage(std::vector<TensorEntry>& tensors, std::int64_t dataBytes, std::int64_t dataOffset,
                   const std::string& path, Failure& failure) {
  std::sort(tensors.begin(), tensors.end(), [](const TensorEntry& a, const TensorEntry& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  std::int64_t covered = 0;
  for (const TensorEntry& tensor : tensors) {
    const std::string quoted = "tensor \"" + tensor.name + "\"";
    if (tensor.end > dataBytes)
      return fail(failure, path, tensor.headerOffset,
                  quoted + " ends at byte " + std::to_string(tensor.end) + " of the data, which has " +
                      std::to_string(dataBytes) + " bytes");
    if (tensor.begin < covered)
      return fail(failure, path, tensor.headerOffset,
                  quoted + " overlaps the tensor before it: it starts at byte " + std::to_string(tensor.begin) +
                      " of the data, before " + std::to_string(covered));
    if (tensor.begin > covered)
      return fail(failure, path, tensor.headerOffset,
                  "bytes " + std::to_string(covered) + " to " + std::to_string(tensor.begin) + " of the data, before " +
                      quoted + ", belong to no tensor");
    covered = tensor.end;
  }
  if (covered == dataBytes) return true;
  return fail(failure, path, dataOffset + covered,
              "the last " + std::to_string(dataBytes - covered) + " bytes belong to no tensor");
}

}  // namespace

bool parseTensorHeader(std::string_view json, std::int64_t dataBytes, const std::string& path, TensorHeader& header,
                       Failure& failure) {
  if (json.empty() || json[0] != '{') return fail(failure, path, kJsonOffset, "the header does not start with `{`");
  const char* reached = json.data();
  HeaderReader reader(path, json.data(), reached, header, failure);
  const TrackingIterator first(json.data(), &reached), last(json.data() + json.size(), nullptr);
  if (!nlohmann::json::sax_parse(first, last, &reader)) return false;
  return checkCoverage(header.tensors, dataBytes, kJsonOffset + static_cast<std::int64_t>(json.size()), path, failure);
}

}  // namespace nnc::runtime
