// Reading and checking data/templates.<language>.json.
#include <algorithm>

#include "nlohmann/json.hpp"
#include "services/response-generator/strings.h"
#include "services/response-generator/templates.h"

namespace switchboard::response_generator {

using nlohmann::json;

class TemplatesParser {
 public:
  TemplatesParser(std::string_view file, std::string_view company)
      : file_(file), company_(company) {}

  absl::StatusOr<Templates> Run(std::string_view text) {
    const json root = json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!root.is_object()) {
      return absl::InvalidArgumentError(StrCat(file_, ": is not a JSON object"));
    }
    ReadFormats(root.value("formats", json()));
    out_.languages_ = StringMap(root, "languages");
    out_.symbols_ = StringMap(root, "currency_symbols");
    out_.terms_ = StringMap(root, "terms");
    ReadSay(root.value("say", json()));
    if (!errors_.empty()) return absl::InvalidArgumentError(StrJoin(errors_, "\n"));
    return std::move(out_);
  }

 private:
  using Variant = Templates::Variant;

  void Error(std::string_view where, std::string_view what) {
    errors_.push_back(StrCat(file_, ": ", std::string(where), ": ", std::string(what)));
  }

  std::map<std::string, std::string, std::less<>> StringMap(const json& root, const char* name) {
    std::map<std::string, std::string, std::less<>> out;
    const json map = root.value(name, json());
    if (!map.is_object()) Error(name, "is missing or not an object");
    for (const auto& [key, value] : map.items()) {
      if (value.is_string()) {
        out[key] = value.get<std::string>();
      } else {
        Error(StrCat(name, ".", key), "is not a string");
      }
    }
    return out;
  }

  void ReadFormats(const json& formats) {
    if (!formats.is_object()) return Error("formats", "is missing or not an object");
    const auto text = [&](const char* name, std::initializer_list<const char*> must_have) {
      const json value = formats.value(name, json());
      if (!value.is_string()) {
        Error(StrCat("formats.", name), "is missing or not a string");
        return std::string();
      }
      for (const char* part : must_have) {
        if (value.get_ref<const std::string&>().find(part) == std::string::npos) {
          Error(StrCat("formats.", name), StrCat("lacks ", part));
        }
      }
      return value.get<std::string>();
    };
    Templates::Formats& out = out_.formats_;
    out.date = text("date", {"{day}", "{month}", "{year}"});
    out.first_of_month = text("first_of_month", {"{month}", "{year}"});
    out.amount_pattern = text("amount", {"{symbol}", "{number}"});
    out.decimal_mark = text("decimal_mark", {});
    out.and_word = text("and", {});
    out.month = text("month", {"{count}"});
    out.month_plural = text("months_count", {"{count}"});
    for (const json& month : formats.value("months", json::array())) {
      if (month.is_string()) out.months.push_back(month.get<std::string>());
    }
    if (out.months.size() != 12) Error("formats.months", "is not a list of 12 names");
  }

  void ReadSay(const json& say) {
    if (!say.is_object()) return Error("say", "is missing or not an object");
    for (const auto& [name, value] : say.items()) {
      const auto keys = TemplateKeys();
      if (std::none_of(keys.begin(), keys.end(),
                       [&](const auto& key) { return key.name == name; })) {
        Error(StrCat("say.", name), "is not a key we use");
      }
    }
    for (const TemplateKey& key : TemplateKeys()) {
      const std::string name(key.name);
      if (!say.contains(name)) {
        Error(StrCat("say.", name), "is missing");
        continue;
      }
      Templates::Variants& variants = out_.variants_[name];
      const json& value = say[name];
      if (value.is_object()) {
        variants.formal = ReadVariants(key, value.value("formal", json()), "formal");
        variants.informal = ReadVariants(key, value.value("informal", json()), "informal");
      } else {
        variants.formal = ReadVariants(key, value, "");
        variants.informal = variants.formal;
      }
    }
  }

  std::vector<Variant> ReadVariants(const TemplateKey& key, const json& list,
                                    std::string_view part) {
    std::string where = StrCat("say.", std::string(key.name));
    if (!part.empty()) where += StrCat(".", part);
    std::vector<Variant> out;
    if (!list.is_array() || list.empty()) {
      Error(where, "is missing or not a list of sentences");
      return out;
    }
    bool always_sayable = false;
    for (const json& text : list) {
      if (!text.is_string() || text.get_ref<const std::string&>().empty()) {
        Error(where, StrCat(text.dump(), " is not a sentence"));
        continue;
      }
      bool needs_optional = false;
      out.push_back(ReadVariant(key, text.get<std::string>(), where, needs_optional));
      always_sayable |= !needs_optional;
    }
    if (!always_sayable) Error(where, "needs a variant with required placeholders only");
    return out;
  }

  Variant ReadVariant(const TemplateKey& key, std::string_view text, std::string_view where,
                      bool& needs_optional) {
    Variant out;
    std::vector<std::string> used;
    size_t literal = 0;
    for (size_t i = 0; i <= text.size(); ++i) {
      if (i < text.size() && text[i] == '}') Error(where, "has a } without its {");
      if (i < text.size() && text[i] != '{') continue;
      AddLiteral(out, text.substr(literal, i - literal));
      if (i == text.size()) break;
      const size_t close = text.find('}', i);
      if (close == std::string_view::npos) {
        Error(where, "has a { without its }");
        return out;
      }
      const std::string name(text.substr(i + 1, close - i - 1));
      if (name == "company") {
        AddLiteral(out, company_);
      } else if (Lists(key.required, name) || Lists(key.optional, name)) {
        needs_optional |= Lists(key.optional, name);
        out.push_back({"", name});
        used.push_back(name);
      } else {
        Error(where, StrCat("does not know the placeholder {", name, "}"));
      }
      i = close;
      literal = close + 1;
    }
    CheckRequired(key, used, where);
    return out;
  }

  // "order" may be left unsaid where the sentence names the order otherwise; facts may not.
  void CheckRequired(const TemplateKey& key, const std::vector<std::string>& used,
                     std::string_view where) {
    for (const std::string_view name : SplitNonEmpty(key.required, " ")) {
      if (name == "order") continue;
      if (std::find(used.begin(), used.end(), name) == used.end()) {
        Error(where, StrCat("has a variant without {", name, "}"));
      }
    }
  }

  static bool Lists(std::string_view names, std::string_view name) {
    const std::vector<std::string_view> all = SplitNonEmpty(names, " ");
    return std::find(all.begin(), all.end(), name) != all.end();
  }

  static void AddLiteral(Variant& out, std::string_view text) {
    if (text.empty()) return;
    if (!out.empty() && out.back().placeholder.empty()) {
      out.back().text += text;
    } else {
      out.push_back({std::string(text), ""});
    }
  }

  std::string file_, company_;
  Templates out_;
  std::vector<std::string> errors_;
};

absl::StatusOr<Templates> Templates::Parse(std::string_view json_text, std::string_view file,
                                           std::string_view company) {
  return TemplatesParser(file, company).Run(json_text);
}

}  // namespace switchboard::response_generator
