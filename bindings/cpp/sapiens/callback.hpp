// Callbacks of the host, called from C without an exception ever passing through it. Part of <sapiens.hpp>.
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef SAPIENS_CALLBACK_HPP
#define SAPIENS_CALLBACK_HPP

#include "result.hpp"

#include <exception>
#include <functional>
#include <memory>

namespace sapiens {
namespace detail {

#ifdef __cpp_exceptions

/// Where the innermost call of this thread that runs callbacks keeps what they throw.
inline std::exception_ptr *&thrown_slot() noexcept {
    static thread_local std::exception_ptr *slot = nullptr;
    return slot;
}

/// Around a call of the library that runs callbacks on this thread; end() lets out what the first of them threw.
class CallbackScope {
public:
    CallbackScope() noexcept : outer_(std::exchange(thrown_slot(), &thrown_)) {}
    CallbackScope(const CallbackScope &) = delete;
    CallbackScope &operator=(const CallbackScope &) = delete;
    ~CallbackScope() { thrown_slot() = outer_; }
    void end() const {
        if (thrown_) std::rethrow_exception(thrown_);
    }

private:
    std::exception_ptr thrown_;
    std::exception_ptr *outer_;
};

/// Calls, and answers whether it came back by itself. Outside a CallbackScope, on a thread of the library, throwing is fatal.
template <class F> bool called(F &&call) noexcept {
    try {
        call();
        return true;
    } catch (...) {
        if (thrown_slot() == nullptr) std::terminate();
        if (!*thrown_slot()) *thrown_slot() = std::current_exception();
        return false;
    }
}

#else

class CallbackScope {
public:
    CallbackScope() noexcept {}
    void end() const noexcept {}
};

template <class F> bool called(F &&call) noexcept {
    call();
    return true;
}

#endif

/// A callback at an address that does not move with the object that owns it. It is kept while it runs, so that it may
/// destroy its owner.
template <class Signature> struct Sink : std::enable_shared_from_this<Sink<Signature>> {
    explicit Sink(std::function<Signature> function) : call(std::move(function)) {}
    static std::shared_ptr<Sink> of(void *user_data) { return static_cast<Sink *>(user_data)->shared_from_this(); }

    std::function<Signature> call;
};

using ResultSink = Sink<void(Result)>;
using LogSink = Sink<void(LogLevel, std::string_view)>;

inline void on_result(void *user_data, SapiensStream *, SapiensResult *result) noexcept {
    called([&] {
        const auto sink = ResultSink::of(user_data);
        // The library takes its own reference back after the call.
        if (sapiens_result_retain(result) == SAPIENS_STATUS_OK) sink->call(Result(result));
    });
}

inline void on_log(void *user_data, std::int32_t level, const char *message) noexcept {
    called([&] {
        const auto sink = LogSink::of(user_data);
        sink->call(static_cast<LogLevel>(level), message);
    });
}

using Progress = std::function<bool(std::string_view, std::uint64_t, std::uint64_t)>;

inline std::int32_t on_progress(void *user_data, const char *stage, std::uint64_t done, std::uint64_t total) noexcept {
    bool go_on = false;
    const bool returned = called([&] { go_on = (*static_cast<const Progress *>(user_data))(stage, done, total); });
    return returned && go_on ? 0 : 1;
}

template <class F> void on_release(void *user_data, std::uint64_t frame) noexcept {
    const std::unique_ptr<F> released(static_cast<F *>(user_data));
    (*released)(frame);
}

/// Keeps a sink for ever: for a handle that could not be destroyed, and may call it again.
template <class S> void leak(std::shared_ptr<S> sink) noexcept {
    if (sink) static_cast<void>(new std::shared_ptr<S>(std::move(sink)));
}

} // namespace detail
} // namespace sapiens

#endif // SAPIENS_CALLBACK_HPP
