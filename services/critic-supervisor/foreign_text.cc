#include "services/critic-supervisor/foreign_text.h"

#include "common/base/strings.h"
#include "common/observability/log.h"
#include "common/observability/metrics.h"

namespace switchboard::critic_supervisor {
namespace {

prometheus::Counter& Dropped(std::string_view kind) {
  return metrics::Counter(
      "switchboard_foreign_text_dropped_total",
      "Passages and record fields kept from the generator because they speak to "
      "the assistant. Not zero: somebody has planted an instruction, or the "
      "critic errs; the log names the document.",
      {{"kind", std::string(kind)}});
}

}  // namespace

ForeignText::ForeignText(std::shared_ptr<const critic::Critic> critic)
    : critic_(std::move(critic)) {
  // There from the start, so that an alert sees them rise from zero.
  Dropped("passage");
  Dropped("record");
}

int ForeignText::Screen(v1::SearchReply& found) {
  int dropped = 0;
  auto& passages = *found.mutable_passages();
  for (int i = passages.size(); i-- > 0;) {
    const v1::Passage& passage = passages[i];
    const std::string text = StrCat(passage.title(), "\n", passage.section(), "\n", passage.text());
    if (Passes("passage", passage.document_id(), text, passage.language())) continue;
    passages.DeleteSubrange(i, 1);
    ++dropped;
  }
  for (v1::Record& record : *found.mutable_records()) {
    auto& fields = *record.mutable_fields();
    for (auto field = fields.begin(); field != fields.end();) {
      const bool passes =
          field->second.empty() ||
          Passes("record", StrCat(record.kind(), " ", record.id()), field->second, "");
      if (!passes) ++dropped;
      field = passes ? std::next(field) : fields.erase(field);
    }
  }
  return dropped;
}

bool ForeignText::Passes(std::string_view kind, const std::string& id, const std::string& text,
                         const std::string& language) {
  v1::ReviewRequest request;
  request.set_direction(v1::ReviewRequest::RETRIEVED);
  request.set_text(text);
  request.set_language(language);
  const critic::Review review = critic_->Examine(request);
  if (review.verdict == v1::ReviewReply::ALLOW) return true;
  Dropped(kind).Increment();
  Tell(kind, id, review);
  return false;
}

void ForeignText::Tell(std::string_view kind, const std::string& id, const critic::Review& review) {
  if (told_.size() >= kToldMax) told_.clear();
  if (!told_.insert(StrCat(kind, " ", id)).second) return;
  log::Error("a text from outside was kept from the generator",
             {{"kind", kind},
              {"id", id},
              {"policy", review.policy},
              {"reason", review.reason},
              {"rule", review.rule},
              {"remedy", "read the document and correct it, or the policies if it is harmless"}});
}

}  // namespace switchboard::critic_supervisor
