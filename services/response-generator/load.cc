#include "services/response-generator/load.h"

#include "common/base/fault.h"
#include "common/base/file.h"
#include "common/base/strings.h"

namespace switchboard::response_generator {
absl::StatusOr<Answerer> LoadAnswerer(const std::string& data_dir, const std::string& company) {
  ASSIGN_OR_RETURN(const std::string lexicon_text, ReadFile(data_dir + "/lexicon.json"));
  ASSIGN_OR_RETURN(const std::string manners_text, ReadFile(data_dir + "/manners.json"));
  ASSIGN_OR_RETURN(Lexicon lexicon, Lexicon::Parse(lexicon_text, manners_text));
  TemplateBook book;
  std::vector<std::string> errors;
  for (const std::string_view language : TemplateBook::kLanguages) {
    const std::string name = StrCat("templates.", language, ".json");
    ASSIGN_OR_RETURN(const std::string text, ReadFile(StrCat(data_dir, "/", name)));
    absl::StatusOr<Templates> templates = Templates::Parse(text, name, company);
    if (templates.ok()) {
      book.Add(std::string(language), *std::move(templates));
    } else {
      errors.emplace_back(templates.status().message());
    }
  }
  if (!errors.empty()) return absl::InvalidArgumentError(StrJoin(errors, "\n"));
  return Answerer(std::move(lexicon), std::move(book));
}

}  // namespace switchboard::response_generator
