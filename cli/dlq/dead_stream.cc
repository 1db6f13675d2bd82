#include "cli/dlq/dead_stream.h"

#include <algorithm>

#include "cli/failure.h"
#include "cli/session.h"
#include "common/base/fault.h"
#include "common/base/strings.h"
#include "common/bus/jetstream.h"
#include "common/bus/stream_admin.h"
#include "common/runtime/streams.h"

namespace switchboard::cli::dlq {
namespace {

// Read at once when looking back for the newest ones of an origin.
constexpr uint64_t kWindow = 512;

Letter ToLetter(const bus::Message& message) {
  return ReadLetter(message.AllHeaders(), std::string(message.payload()));
}

bool Wanted(const Selection& selection, const Letter& letter) {
  return selection.origin.empty() || letter.origin == selection.origin;
}

// Those of [first, last], at most `limit` (0: all), oldest first.
Awaitable<absl::StatusOr<std::vector<Letter>>> ReadRange(bus::Connection* connection,
                                                         Selection selection, uint64_t first,
                                                         uint64_t last, uint64_t limit) {
  std::vector<Letter> letters;
  for (uint64_t sequence = first; sequence <= last;) {
    absl::StatusOr<bus::Message> message = co_await bus::DirectGetNext(
        *connection, runtime::kDeadStream, "mesh.dead.>", sequence, Deadline::After(kAnswerWithin));
    if (absl::IsNotFound(message.status())) break;
    if (!message.ok()) co_return message.status();
    sequence = message->stream_sequence() + 1;
    if (message->stream_sequence() > last) break;
    Letter letter = ToLetter(*message);
    if (Wanted(selection, letter)) letters.push_back(std::move(letter));
    if (limit > 0 && letters.size() >= limit) break;
  }
  co_return letters;
}

}  // namespace

Awaitable<absl::StatusOr<Found>> Select(bus::Connection* connection, Selection selection) {
  absl::StatusOr<bus::StreamState> state = co_await bus::ReadStreamState(
      *connection, runtime::kDeadStream, Deadline::After(kAnswerWithin));
  if (!state.ok()) {
    absl::Status missing = absl::IsNotFound(state.status())
                               ? WithRemedy(absl::NotFoundError("there is no stream DEAD"),
                                            "start the mesh with make up")
                               : state.status();
    co_return missing;
  }
  Found found;
  found.total = state->messages;
  if (state->messages == 0) co_return found;
  if (!selection.newest || selection.limit == 0) {
    absl::StatusOr<std::vector<Letter>> all = co_await ReadRange(
        connection, selection, state->first_sequence, state->last_sequence, selection.limit);
    if (!all.ok()) co_return all.status();
    found.letters = *std::move(all);
    co_return found;
  }
  // From the end, a window at a time, until there are enough.
  uint64_t last = state->last_sequence;
  while (last >= state->first_sequence && found.letters.size() < selection.limit) {
    const uint64_t size = std::max(kWindow, selection.limit);
    const uint64_t first =
        last >= state->first_sequence + size ? last - size + 1 : state->first_sequence;
    absl::StatusOr<std::vector<Letter>> window =
        co_await ReadRange(connection, selection, first, last, 0);
    if (!window.ok()) co_return window.status();
    found.letters.insert(found.letters.begin(), std::make_move_iterator(window->begin()),
                         std::make_move_iterator(window->end()));
    if (first == 0) break;
    last = first - 1;
  }
  if (found.letters.size() > selection.limit) {
    found.letters.erase(found.letters.begin(),
                        found.letters.end() - static_cast<std::ptrdiff_t>(selection.limit));
  }
  co_return found;
}

Awaitable<absl::StatusOr<Letter>> Get(bus::Connection* connection, uint64_t id) {
  absl::StatusOr<bus::Message> message = co_await bus::DirectGetSequence(
      *connection, runtime::kDeadStream, id, Deadline::After(kAnswerWithin));
  if (absl::IsNotFound(message.status())) {
    absl::Status missing = WithRemedy(absl::NotFoundError(StrCat("there is no dead letter ", id)),
                                      "see switchboard dlq ls");
    co_return missing;
  }
  if (absl::IsUnavailable(message.status())) {
    absl::Status missing =
        WithRemedy(absl::NotFoundError("there is no stream DEAD"), "start the mesh with make up");
    co_return missing;
  }
  if (!message.ok()) co_return message.status();
  co_return ToLetter(*message);
}

absl::StatusOr<std::vector<uint64_t>> ReadIds(const std::vector<std::string>& words) {
  std::vector<uint64_t> ids;
  for (const std::string& word : words) {
    uint64_t id = 0;
    if (!SimpleAtoi(word, &id) || id == 0) {
      return UsageError(StrCat("\"", word, "\" is no id: see switchboard dlq ls"));
    }
    ids.push_back(id);
  }
  return ids;
}

}  // namespace switchboard::cli::dlq
