// Runs a coroutine to its end on the test's own loop.
//
//   asio::io_context io;
//   const auto reply = RunOnLoop(io, connection->Request("a.b", {}, "payload", deadline));
#pragma once

#include <optional>
#include <stdexcept>

#include "common/base/asio.h"

namespace switchboard::testing {

// Throws what the coroutine threw, or std::runtime_error when `limit` came first.
template <typename T>
T RunOnLoop(asio::io_context& io, Awaitable<T> task,
            std::chrono::milliseconds limit = std::chrono::seconds(30)) {
  std::optional<T> result;
  std::exception_ptr failure;
  asio::co_spawn(io, std::move(task), [&](std::exception_ptr error, T value) {
    failure = error;
    result.emplace(std::move(value));
  });
  const auto end = std::chrono::steady_clock::now() + limit;
  io.restart();
  while (!result && std::chrono::steady_clock::now() < end) io.run_one_until(end);
  if (failure) std::rethrow_exception(failure);
  if (!result) throw std::runtime_error("the coroutine did not end in time");
  return *std::move(result);
}

// Lets the loop run until `predicate` holds; false when `limit` came first.
template <typename Predicate>
bool RunUntil(asio::io_context& io, Predicate predicate,
              std::chrono::milliseconds limit = std::chrono::seconds(10)) {
  const auto end = std::chrono::steady_clock::now() + limit;
  io.restart();
  while (!predicate() && std::chrono::steady_clock::now() < end) {
    io.run_one_for(std::chrono::milliseconds(20));
  }
  return predicate();
}

}  // namespace switchboard::testing
