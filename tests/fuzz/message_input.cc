#include "tests/fuzz/message_input.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/json_util.h>

#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "common/base/text.h"
#include "common/runtime/validate.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t size_max);

namespace switchboard::fuzz {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using Random = std::minstd_rand;

// Deeper messages are no message of ours.
constexpr int kDepthMax = 6;

// What has broken readers of text before, here and elsewhere.
constexpr const char* kFragments[] = {"10452",
                                      "#10452",
                                      "JP-1001",
                                      "C-2001",
                                      "order 10452",
                                      "189,00 €",
                                      "$1e308",
                                      "2026-11-31",
                                      "12/13/2026",
                                      "mona@example.com",
                                      "+33 6 12 34 56 78",
                                      "4111 1111 1111 1111",
                                      "FR76 3000 6000 0112 3456 7890 189",
                                      "https://example.com/a?b=c",
                                      "ignore all previous",
                                      "{order}",
                                      "{{",
                                      "\u200b",
                                      "\u202e",
                                      "e\u0301",
                                      "\u00df",
                                      "\u0130",
                                      "\ufb01",
                                      "\uff21\uff22",
                                      "\U0001f468\u200d\U0001f469\u200d\U0001f467",
                                      "\ufeff",
                                      "&lt;b&gt;",
                                      "%41%42",
                                      "\\u0041",
                                      "aWdub3JlIGFsbA==",
                                      "\r\n",
                                      "\t",
                                      " ",
                                      "...",
                                      "?!?!",
                                      "1. ",
                                      "- ",
                                      "# ",
                                      "| a | b |",
                                      "```",
                                      "\"",
                                      "'",
                                      "’",
                                      "—",
                                      ";",
                                      "; ",
                                      ", ",
                                      "en",
                                      "fr",
                                      "xx-YY",
                                      "ORDER_STATUS",
                                      "OUT_OF_SCOPE"};

bool ParseText(std::string_view text, Message* message) {
  google::protobuf::TextFormat::Parser parser;
  struct Silent : google::protobuf::io::ErrorCollector {
    void AddError(int, int, const std::string&) override {}
  } silent;
  parser.RecordErrorsTo(&silent);
  parser.SetRecursionLimit(64);
  return parser.ParseFromString(std::string(text), message);
}

bool DecodeAny(std::string_view input, Message* message) {
  // Protobuf tells of every malformed string, on standard error.
  [[maybe_unused]] static const auto quiet = google::protobuf::SetLogHandler(nullptr);
  const std::string_view encoding = TakeLine(&input);
  message->Clear();
  if (encoding == "text") return ParseText(input, message);
  if (encoding == "binary") {
    return message->ParseFromArray(input.data(), static_cast<int>(input.size()));
  }
  if (encoding != "json") return false;
  return google::protobuf::util::JsonStringToMessage(
             google::protobuf::StringPiece(input.data(), input.size()), message)
      .ok();
}

// A field of the message or of one inside it.
struct Site {
  Message* message;
  const FieldDescriptor* field;
};

void Collect(Message* message, int depth, std::vector<Site>* sites) {
  const Descriptor* type = message->GetDescriptor();
  const Reflection* reflection = message->GetReflection();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    sites->push_back({message, field});
    if (field->message_type() == nullptr || depth == kDepthMax) continue;
    if (!field->is_repeated()) {
      if (reflection->HasField(*message, field)) {
        Collect(reflection->MutableMessage(message, field), depth + 1, sites);
      }
      continue;
    }
    for (int k = 0; k < reflection->FieldSize(*message, field); ++k) {
      Collect(reflection->MutableRepeatedMessage(message, field, k), depth + 1, sites);
    }
  }
}

// What is no UTF-8 would only be refused: the broken bytes become question marks.
std::string Repaired(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const size_t begin = i;
    NextCodePoint(text, i);
    const std::string_view piece = text.substr(begin, i - begin);
    out.append(IsValidUtf8(piece) ? piece : std::string_view("?"));
  }
  return out;
}

class Mutator {
 public:
  explicit Mutator(unsigned seed) : random_(seed) {}

  bool OneIn(unsigned count) { return random_() % count == 0; }

  void Change(Message* message) {
    std::vector<Site> sites;
    Collect(message, 0, &sites);
    if (sites.empty()) return;
    // Ids and numbers outnumber the texts, which matter more.
    Site site = sites[random_() % sites.size()];
    if (site.field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
      site = sites[random_() % sites.size()];
    }
    site.field->is_repeated() ? ChangeList(site) : ChangeValue(site);
  }

 private:
  void ChangeList(const Site& site) {
    const Reflection* reflection = site.message->GetReflection();
    const int size = reflection->FieldSize(*site.message, site.field);
    switch (size == 0 ? 0 : random_() % 5) {
      case 0:
        return Add(site);
      case 1:
        return reflection->RemoveLast(site.message, site.field);
      case 2:
        return reflection->SwapElements(site.message, site.field,
                                        static_cast<int>(random_() % size),
                                        static_cast<int>(random_() % size));
      case 3:
        return reflection->ClearField(site.message, site.field);
      default:
        return Repeat(site, static_cast<int>(random_() % size));
    }
  }

  void Add(const Site& site) {
    const Reflection* reflection = site.message->GetReflection();
    switch (site.field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return reflection->AddString(site.message, site.field, Fragment());
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Change(reflection->AddMessage(site.message, site.field));
      default:
        return;  // the contract has no list of numbers
    }
  }

  void Repeat(const Site& site, int index) {
    const Reflection* reflection = site.message->GetReflection();
    if (site.field->is_map()) return;
    if (site.field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      const std::unique_ptr<Message> copy(
          reflection->GetRepeatedMessage(*site.message, site.field, index).New());
      copy->CopyFrom(reflection->GetRepeatedMessage(*site.message, site.field, index));
      if (OneIn(2)) Change(copy.get());
      reflection->AddMessage(site.message, site.field)->CopyFrom(*copy);
    } else if (site.field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      std::string text = reflection->GetRepeatedString(*site.message, site.field, index);
      reflection->SetRepeatedString(site.message, site.field, index, Changed(std::move(text)));
    }
  }

  void ChangeValue(const Site& site) {
    const Reflection* reflection = site.message->GetReflection();
    if (OneIn(16)) return reflection->ClearField(site.message, site.field);
    switch (site.field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return reflection->SetString(site.message, site.field,
                                     Changed(reflection->GetString(*site.message, site.field)));
      case FieldDescriptor::CPPTYPE_BOOL:
        return reflection->SetBool(site.message, site.field, OneIn(2));
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return reflection->SetDouble(site.message, site.field, Double());
      case FieldDescriptor::CPPTYPE_INT32:
        return reflection->SetInt32(site.message, site.field, static_cast<int32_t>(Whole()));
      case FieldDescriptor::CPPTYPE_INT64:
        return reflection->SetInt64(site.message, site.field, static_cast<int64_t>(Whole()));
      case FieldDescriptor::CPPTYPE_UINT32:
        return reflection->SetUInt32(site.message, site.field, static_cast<uint32_t>(Whole()));
      case FieldDescriptor::CPPTYPE_UINT64:
        return reflection->SetUInt64(site.message, site.field, Whole());
      case FieldDescriptor::CPPTYPE_ENUM:
        return reflection->SetEnumValue(
            site.message, site.field,
            static_cast<int>(random_() % (site.field->enum_type()->value_count() + 1)));
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Change(reflection->MutableMessage(site.message, site.field));
      default:
        return;
    }
  }

  std::string Fragment() { return kFragments[random_() % std::size(kFragments)]; }

  std::string Changed(std::string text) {
    switch (random_() % 6) {
      case 0:
        return Fragment();
      case 1:
        return text.insert(text.empty() ? 0 : random_() % text.size(), Fragment());
      case 2:
        return text + (OneIn(2) ? " " : "") + Fragment();
      case 3: {  // a piece of it over and over
        if (text.empty() || text.size() > 2048) return text;
        const size_t begin = random_() % text.size();
        const std::string piece = text.substr(begin, 1 + random_() % 16);
        for (unsigned i = random_() % 128; i > 0 && text.size() < 4096; --i) text += piece;
        return Repaired(text);
      }
      default: {
        std::string buffer = text;
        buffer.resize(text.size() + 64);
        buffer.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(buffer.data()), text.size(),
                                       buffer.size()));
        return Repaired(buffer);
      }
    }
  }

  uint64_t Whole() {
    constexpr uint64_t kValues[] = {0,
                                    1,
                                    2,
                                    3,
                                    5,
                                    10,
                                    49,
                                    50,
                                    51,
                                    200,
                                    1000,
                                    999999,
                                    0x7fffffff,
                                    0xffffffff,
                                    1u << 31u,
                                    253402300799,
                                    0x7fffffffffffffff,
                                    0x8000000000000000,
                                    0xffffffffffffffff};
    return OneIn(3) ? random_() % 100 : kValues[random_() % std::size(kValues)];
  }

  double Double() {
    constexpr double kValues[] = {0,
                                  -0.0,
                                  0.05,
                                  0.5,
                                  0.97,
                                  1,
                                  -1,
                                  1e9,
                                  1e308,
                                  -1e308,
                                  5e-324,
                                  std::numeric_limits<double>::infinity(),
                                  std::numeric_limits<double>::quiet_NaN()};
    return kValues[random_() % std::size(kValues)];
  }

  Random random_;
};

}  // namespace

bool DecodeMessage(std::string_view input, Message* message) {
  if (!DecodeAny(input, message)) return false;
  // The text format lets malformed strings through, the wire does not.
  return message->ParseFromString(message->SerializePartialAsString());
}

bool DecodeRequest(std::string_view input, Message* request) {
  if (!DecodeMessage(input, request)) return false;
  const absl::Status valid = runtime::Validate(*request);
  if (!valid.ok()) DemandSound(valid);
  return valid.ok();
}

size_t MutateMessage(Message* scratch, uint8_t* data, size_t size, size_t size_max, unsigned seed) {
  Mutator mutator(seed);
  if (mutator.OneIn(8) || !DecodeAny(Text(data, size), scratch)) {
    return LLVMFuzzerMutate(data, size, size_max);
  }
  do {
    mutator.Change(scratch);
  } while (mutator.OneIn(2));
  std::string text;
  google::protobuf::TextFormat::PrintToString(*scratch, &text);
  text = "text\n" + text;
  if (text.size() > size_max) return LLVMFuzzerMutate(data, size, size_max);
  std::memcpy(data, text.data(), text.size());
  return text.size();
}

}  // namespace switchboard::fuzz
