// Short names for the parts of Asio that all of Switchboard uses.
//
// Every process runs one io_context on one thread. Coroutines are `asio::awaitable<T>`; they take
// their parameters by value, because the caller's frame may be gone when they resume.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/base/clock.h"

namespace switchboard {
namespace asio = boost::asio;

template <typename T>
using Awaitable = asio::awaitable<T>;
}  // namespace switchboard
