#include "gateway/pages.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/base/strings.h"
#include "gateway/problem.h"

namespace switchboard::gateway {

// Generated from pages/openapi.json by embed.cmake.
extern const std::string_view kOpenApiJson;

namespace {

using nlohmann::ordered_json;

constexpr std::string_view kHead = R"html(<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Switchboard</title>
<style>
:root{color-scheme:light dark;--line:#8884;--soft:#8881;--accent:#0a6ebd}
@media(prefers-color-scheme:dark){:root{--accent:#6bb5f0}}
body{font:16px/1.55 system-ui,sans-serif;margin:0 auto;max-width:58rem;padding:1.5rem}
a{color:var(--accent)}h1{margin:.2rem 0}h2{margin:2.5rem 0 .5rem;border-bottom:1px solid var(--line)}
h3{margin:1.2rem 0 .3rem;font-size:1rem}code,pre{font:13.5px/1.5 ui-monospace,monospace}
pre{background:var(--soft);padding:.7rem .9rem;overflow:auto;border-radius:6px}
details{border:1px solid var(--line);border-radius:6px;margin:.5rem 0;padding:.2rem .9rem}
summary{cursor:pointer;padding:.4rem 0}summary b{font-family:ui-monospace,monospace}
.method{display:inline-block;min-width:3.6rem;font-weight:700;color:var(--accent)}
table{border-collapse:collapse;width:100%;margin:.4rem 0}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid var(--line)}
th{font-weight:600}.type{opacity:.75;white-space:nowrap}.wide{overflow-x:auto}
</style></head><body>
)html";
constexpr std::string_view kFoot = "</body></html>\n";

std::string Escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '<':
        out.append("&lt;");
        break;
      case '>':
        out.append("&gt;");
        break;
      case '&':
        out.append("&amp;");
        break;
      case '"':
        out.append("&quot;");
        break;
      default:
        out.push_back(c);
    }
  }
  return out;
}

// Escaped, with `words` between back quotes as code.
std::string Prose(std::string_view text) {
  std::string out;
  bool code = false;
  for (const std::string_view piece : StrSplit(text, '`')) {
    StrAppend(&out, code ? "<code>" : "", Escape(piece), code ? "</code>" : "");
    code = !code;
  }
  return out;
}

std::string Text(const ordered_json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// The object that "$ref" points to, or the object itself.
const ordered_json& Resolve(const ordered_json& api, const ordered_json& object) {
  const std::string ref = Text(object, "$ref");
  if (ref.empty()) return object;
  return api.at(ordered_json::json_pointer(ref.substr(1)));
}

std::string RefName(const std::string& ref) { return ref.substr(ref.rfind('/') + 1); }

// A schema in a few words: "string, 1 to 4096 characters", a link for a named one.
std::string Type(const ordered_json& schema) {
  if (const std::string ref = Text(schema, "$ref"); !ref.empty()) {
    return StrCat("<a href=\"#", RefName(ref), "\">", RefName(ref), "</a>");
  }
  if (schema.contains("anyOf")) return StrCat(Type(schema["anyOf"][0]), " or null");
  std::string type = Text(schema, "type");
  if (schema.contains("type") && schema["type"].is_array()) type = "string or null";
  if (type == "array") return StrCat("list of ", Type(schema["items"]));
  if (schema.contains("enum")) {
    std::vector<std::string> values;
    for (const auto& value : schema["enum"]) values.push_back(value.get<std::string>());
    return Escape(StrJoin(values, " | "));
  }
  if (const std::string format = Text(schema, "format"); !format.empty()) {
    StrAppend(&type, " (", format, ")");
  }
  const char* const bounds[][2] = {
      {"minLength", "at least"}, {"maxLength", "at most"}, {"minimum", "from"}, {"maximum", "to"}};
  for (const auto& [key, words] : bounds) {
    if (schema.contains(key)) StrAppend(&type, ", ", words, " ", schema[key].dump());
  }
  return type;
}

std::string Row(const std::string& name, bool required, const ordered_json& schema,
                const std::string& description) {
  return StrCat("<tr><td><code>", Escape(name), "</code>", required ? " *" : "",
                "</td><td class=\"type\">", Type(schema), "</td><td>", Prose(description),
                "</td></tr>\n");
}

std::string Table(const std::string& rows) {
  return StrCat("<div class=\"wide\"><table><tr><th>Name</th><th>Type</th><th>Meaning</th></tr>\n",
                rows, "</table></div>\n");
}

std::string Example(const ordered_json& content) {
  if (!content.contains("example")) return "";
  const ordered_json& example = content["example"];
  return StrCat("<pre>", Escape(example.is_string() ? example.get<std::string>() : example.dump(2)),
                "</pre>\n");
}

// Every media type of a body or a response: what it is, and an example.
std::string Content(const ordered_json& content) {
  std::string out;
  for (const auto& [media, body] : content.items()) {
    StrAppend(&out, "<p><code>", Escape(media), "</code> ", Type(body["schema"]), "</p>\n");
    if (const std::string text = Text(body["schema"], "description"); !text.empty()) {
      StrAppend(&out, "<p>", Prose(text), "</p>\n");
    }
    StrAppend(&out, Example(body));
  }
  return out;
}

std::string Parameters(const ordered_json& api, const ordered_json& operation) {
  if (!operation.contains("parameters")) return "";
  std::string rows;
  for (const auto& entry : operation["parameters"]) {
    const ordered_json& parameter = Resolve(api, entry);
    StrAppend(&rows, Row(StrCat(Text(parameter, "name"), " (", Text(parameter, "in"), ")"),
                         parameter.value("required", false), parameter["schema"],
                         Text(parameter, "description")));
  }
  return StrCat("<h3>Parameters</h3>\n", Table(rows));
}

std::string Responses(const ordered_json& api, const ordered_json& operation) {
  std::string out;
  std::string problems;
  for (const auto& [status, entry] : operation["responses"].items()) {
    const ordered_json& response = Resolve(api, entry);
    if (entry.contains("$ref")) {
      StrAppend(&problems, "<tr><td>", status, "</td><td>", Prose(Text(response, "description")),
                "</td></tr>\n");
      continue;
    }
    StrAppend(&out, "<h3>", status, "</h3>\n<p>", Prose(Text(response, "description")), "</p>\n");
    if (response.contains("content")) StrAppend(&out, Content(response["content"]));
  }
  if (!problems.empty()) {
    StrAppend(&out, "<h3>Problems (<a href=\"/docs/errors\">explained</a>)</h3>\n<table>", problems,
              "</table>\n");
  }
  return out;
}

std::string OperationHtml(const ordered_json& api, const std::string& method,
                          const std::string& path, const ordered_json& operation) {
  std::string out =
      StrCat("<details id=\"", Text(operation, "operationId"),
             "\"><summary><span class=\"method\">", AsciiStrToUpper(method), "</span> <b>",
             Escape(path), "</b> — ", Escape(Text(operation, "summary")), "</summary>\n");
  if (const std::string text = Text(operation, "description"); !text.empty()) {
    StrAppend(&out, "<p>", Prose(text), "</p>\n");
  }
  StrAppend(&out, Parameters(api, operation));
  if (operation.contains("requestBody")) {
    StrAppend(&out, "<h3>Body</h3>\n", Content(operation["requestBody"]["content"]));
  }
  StrAppend(&out, Responses(api, operation), "</details>\n");
  return out;
}

std::string SchemaHtml(const std::string& name, const ordered_json& schema) {
  std::string rows;
  const ordered_json required = schema.value("required", ordered_json::array());
  for (const auto& [field, type] : schema["properties"].items()) {
    const bool needed = std::find(required.begin(), required.end(), field) != required.end();
    StrAppend(&rows, Row(field, needed, type, Text(type, "description")));
  }
  return StrCat("<h3 id=\"", name, "\">", name, "</h3>\n<p>", Prose(Text(schema, "description")),
                "</p>\n", Table(rows));
}

std::string RenderDocs(const ordered_json& api) {
  std::string out(kHead);
  StrAppend(
      &out, "<h1>", Escape(Text(api["info"], "title")), "</h1>\n<p>",
      Prose(Text(api["info"], "summary")), "</p>\n<p>", Prose(Text(api["info"], "description")),
      "</p>\n<p>Try it:</p>\n<pre>curl -s localhost:8080/v1/invoke -H 'Content-Type: "
      "application/json' \\\n  -d '{\"text\": \"How long do I have to return something?\"}'</pre>\n"
      "<p><a href=\"/openapi.json\">openapi.json</a> · <a href=\"/docs/errors\">Problems</a> · "
      "<a href=\"#messages\">Messages</a></p>\n");
  for (const auto& tag : api["tags"]) {
    const std::string name = Text(tag, "name");
    StrAppend(&out, "<h2>", Escape(name), "</h2>\n<p>", Prose(Text(tag, "description")), "</p>\n");
    for (const auto& [path, methods] : api["paths"].items()) {
      for (const auto& [method, operation] : methods.items()) {
        if (operation["tags"][0] == name)
          StrAppend(&out, OperationHtml(api, method, path, operation));
      }
    }
  }
  StrAppend(&out,
            "<h2 id=\"messages\">Messages</h2>\n<p>* always there in a reply, required in a "
            "request.</p>\n");
  for (const auto& [name, schema] : api["components"]["schemas"].items()) {
    StrAppend(&out, SchemaHtml(name, schema));
  }
  StrAppend(&out, kFoot);
  return out;
}

std::string RenderErrors() {
  std::string out(kHead);
  StrAppend(
      &out,
      "<h1>Problems</h1>\n<p>Errors are problem details (RFC 9457): <code>type</code> leads here, "
      "<code>field</code> names what is wrong, <code>remedy</code> says what to do, and "
      "<code>trace_id</code> is what the logs know the call by. gRPC gives the same in the trailer "
      "<code>switchboard-problem-bin</code>. <a href=\"/docs\">All operations</a></p>\n");
  for (const ProblemKind& kind : ProblemKinds()) {
    StrAppend(&out, "<h2 id=\"", kind.slug, "\">", kind.http_status, " · ", Escape(kind.title),
              "</h2>\n<table><tr><th>Means</th><td>", Prose(kind.meaning),
              "</td></tr>\n<tr><th>The caller</th><td>", Prose(kind.caller),
              "</td></tr>\n<tr><th>The operator</th><td>", Prose(kind.operator_),
              "</td></tr></table>\n");
  }
  StrAppend(&out, kFoot);
  return out;
}

}  // namespace

std::string_view OpenApiJson() { return kOpenApiJson; }

const std::string& DocsPage() {
  static const auto* page = new std::string(RenderDocs(ordered_json::parse(kOpenApiJson)));
  return *page;
}

const std::string& ErrorsPage() {
  static const auto* page = new std::string(RenderErrors());
  return *page;
}

}  // namespace switchboard::gateway
