// The description of the API must be true: it is held against the routes and the contract.
#include "gateway/pages.h"

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "common/base/strings.h"
#include "gateway/chat.pb.h"
#include "gateway/http_router.h"
#include "gateway/problem.h"
#include "switchboard/v1/annotations.pb.h"
#include "switchboard/v1/switchboard.pb.h"

namespace switchboard::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using nlohmann::json;

const json& Api() {
  static const auto* api = new json(json::parse(OpenApiJson()));
  return *api;
}

TEST(OpenApi, DescribesExactlyTheRoutes) {
  std::set<std::string> described, served;
  for (const auto& [path, methods] : Api()["paths"].items()) {
    for (const auto& [method, operation] : methods.items()) {
      described.insert(StrCat(AsciiStrToUpper(method), " ", path));
    }
  }
  for (const Route& route : Routes()) served.insert(StrCat(route.method, " ", route.pattern));
  EXPECT_EQ(described, served);
}

std::string ExpectedType(const FieldDescriptor* field) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
    case FieldDescriptor::CPPTYPE_ENUM:
      return "string";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "boolean";
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return "number";
    case FieldDescriptor::CPPTYPE_UINT32:
      return "integer";
    default:
      return "";  // messages: a reference
  }
}

void CheckField(const FieldDescriptor* field, json schema) {
  SCOPED_TRACE(field->full_name());
  if (field->is_repeated()) {
    ASSERT_EQ(schema["type"], "array");
    schema = schema["items"];
  }
  if (const std::string type = ExpectedType(field); !type.empty()) {
    EXPECT_EQ(schema["type"], type);
  }
  if (field->is_repeated() || !field->options().HasExtension(v1::rules)) return;
  const v1::FieldRules& rules = field->options().GetExtension(v1::rules);
  if (rules.max_len() > 0) {
    EXPECT_EQ(schema["maxLength"], rules.max_len());
  }
  if (rules.min_len() > 0) {
    EXPECT_EQ(schema["minLength"], rules.min_len());
  }
  if (rules.has_max()) {
    EXPECT_EQ(schema["maximum"], rules.max());
  }
  if (rules.has_min()) {
    EXPECT_EQ(schema["minimum"], rules.min());
  }
}

// `from_path`: a field that the path carries instead of the body.
void CheckSchema(const std::string& name, const Descriptor* type,
                 const std::string& from_path = "") {
  SCOPED_TRACE(name);
  ASSERT_TRUE(Api()["components"]["schemas"].contains(name));
  const json& properties = Api()["components"]["schemas"][name]["properties"];
  std::set<std::string> described, real;
  for (const auto& [key, schema] : properties.items()) described.insert(key);
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->name() == from_path) continue;
    real.insert(std::string(field->name()));
    if (properties.contains(field->name()))
      CheckField(field, properties[std::string(field->name())]);
  }
  EXPECT_EQ(described, real);
}

TEST(OpenApi, DescribesExactlyTheMessages) {
  CheckSchema("CreateConversationRequest", v1::CreateConversationRequest::descriptor());
  CheckSchema("SendMessageRequest", v1::SendMessageRequest::descriptor(), "conversation_id");
  CheckSchema("FeedbackRequest", v1::FeedbackRequest::descriptor(), "conversation_id");
  CheckSchema("InvokeRequest", v1::InvokeRequest::descriptor());
  CheckSchema("ConversationView", v1::ConversationView::descriptor());
  CheckSchema("TurnView", v1::TurnView::descriptor());
  CheckSchema("TurnStatus", v1::TurnStatus::descriptor());
  CheckSchema("TurnReply", v1::TurnReply::descriptor());
  CheckSchema("Intent", v1::Intent::descriptor());
  CheckSchema("Citation", v1::Citation::descriptor());
  CheckSchema("Escalation", v1::Escalation::descriptor());
  CheckSchema("AgentTiming", v1::AgentTiming::descriptor());
  CheckSchema("TurnEventProgress", v1::TurnEvent::Progress::descriptor());
  CheckSchema("TurnEventSentence", v1::TurnEvent::Sentence::descriptor());
  CheckSchema("TurnEventRestart", v1::TurnEvent::Restart::descriptor());
  CheckSchema("FeedbackReply", v1::FeedbackReply::descriptor());
  CheckSchema("SummaryReply", v1::SummaryReply::descriptor());
  CheckSchema("Problem", v1::Problem::descriptor());
  CheckSchema("ChatRequest", ChatRequest::descriptor());
  CheckSchema("ChatReply", ChatReply::descriptor());
}

void FindReferences(const json& value, std::set<std::string>* out) {
  if (value.is_object() && value.contains("$ref")) out->insert(value["$ref"].get<std::string>());
  if (!value.is_structured()) return;
  for (const auto& child : value) FindReferences(child, out);
}

TEST(OpenApi, EveryReferenceLeadsSomewhere) {
  std::set<std::string> references;
  FindReferences(Api(), &references);
  EXPECT_GT(references.size(), 20u);
  for (const std::string& reference : references) {
    EXPECT_TRUE(Api().contains(json::json_pointer(reference.substr(1)))) << reference;
  }
}

TEST(OpenApi, NamesOnlyStatusesThatProblemsHave) {
  std::set<std::string> real;
  for (const ProblemKind& kind : ProblemKinds()) real.insert(StrCat("Problem", kind.http_status));
  for (const auto& [name, response] : Api()["components"]["responses"].items()) {
    EXPECT_TRUE(real.contains(name)) << name;
  }
}

TEST(DocsPage, ShowsEveryOperationAndNeedsNothingFromElsewhere) {
  const std::string& page = DocsPage();
  for (const auto& [path, methods] : Api()["paths"].items()) {
    for (const auto& [method, operation] : methods.items()) {
      EXPECT_NE(page.find("id=\"" + operation["operationId"].get<std::string>() + "\""),
                std::string::npos)
          << path;
    }
  }
  for (const char* foreign : {"src=", "<script", "http://", "https://", "@import", "url("}) {
    EXPECT_EQ(page.find(foreign), std::string::npos) << foreign;
  }
}

}  // namespace
}  // namespace switchboard::gateway
