#include "tests/fuzz/fuzz.h"

#include <google/protobuf/descriptor.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "common/base/fault.h"
#include "common/base/text.h"

namespace switchboard::fuzz {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

void Fail(const char* file, int line, const char* demand) {
  std::fprintf(stderr, "%s:%d: not so: %s\n", file, line, demand);
  std::abort();
}

std::string_view TakeLine(std::string_view* input) {
  const size_t end = std::min(input->find('\n'), input->size());
  const std::string_view line = input->substr(0, end);
  input->remove_prefix(std::min(end + 1, input->size()));
  return line;
}

std::string ReadProjectFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "%s cannot be read; run from the project's root\n", path.c_str());
    std::exit(2);
  }
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

std::string Patched(const std::string& path, std::string_view patch) {
  static auto& originals = *new std::map<std::string, nlohmann::json>;
  const auto change = nlohmann::json::parse(patch, nullptr, false);
  if (change.is_discarded()) return std::string(patch);
  auto [original, is_new] = originals.try_emplace(path);
  if (is_new) original->second = nlohmann::json::parse(ReadProjectFile(path));
  nlohmann::json changed = original->second;
  changed.merge_patch(change);
  return changed.dump();
}

namespace {

void DemandSoundFields(const Message& message) {
  const auto* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const int count = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        FUZZ_DEMAND(IsValidUtf8(field->is_repeated()
                                    ? reflection->GetRepeatedString(message, field, i)
                                    : reflection->GetString(message, field)));
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) {
        FUZZ_DEMAND(std::isfinite(field->is_repeated()
                                      ? reflection->GetRepeatedDouble(message, field, i)
                                      : reflection->GetDouble(message, field)));
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        DemandSoundFields(field->is_repeated() ? reflection->GetRepeatedMessage(message, field, i)
                                               : reflection->GetMessage(message, field));
      }
    }
  }
}

}  // namespace

void DemandSound(const Message& reply) {
  DemandSoundFields(reply);
  const std::unique_ptr<Message> copy(reply.New());
  FUZZ_DEMAND(copy->ParseFromString(reply.SerializeAsString()));
}

void DemandSound(const absl::Status& error) {
  FUZZ_DEMAND(!error.ok());
  FUZZ_DEMAND(!error.message().empty());
  FUZZ_DEMAND(IsValidUtf8(std::string(error.message())));
}

}  // namespace switchboard::fuzz
