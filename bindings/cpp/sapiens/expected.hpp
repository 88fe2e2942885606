// A value or an error, a span, and how statuses of the C interface become errors. Part of <sapiens.hpp>.
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef SAPIENS_EXPECTED_HPP
#define SAPIENS_EXPECTED_HPP

#include "sapiens.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#if __cplusplus >= 202002L || (defined(_MSVC_LANG) && _MSVC_LANG >= 202002L)
#include <span>
#endif

#ifndef SAPIENS_ABORT
#define SAPIENS_ABORT(message) (std::fprintf(stderr, "sapiens: %s\n", message), std::abort())
#endif

namespace sapiens {

/// What a call answered. Not called Status: X11 makes that word a macro.
enum class StatusCode : std::int32_t {
    ok = SAPIENS_STATUS_OK,
    timeout = SAPIENS_STATUS_TIMEOUT,
    absent = SAPIENS_STATUS_ABSENT,
    invalid_argument = SAPIENS_STATUS_INVALID_ARGUMENT,
    invalid_handle = SAPIENS_STATUS_INVALID_HANDLE,
    abi_mismatch = SAPIENS_STATUS_ABI_MISMATCH,
    not_found = SAPIENS_STATUS_NOT_FOUND,
    io = SAPIENS_STATUS_IO,
    corrupt_model = SAPIENS_STATUS_CORRUPT_MODEL,
    unknown_model = SAPIENS_STATUS_UNKNOWN_MODEL,
    image = SAPIENS_STATUS_IMAGE,
    library = SAPIENS_STATUS_LIBRARY,
    device = SAPIENS_STATUS_DEVICE,
    runtime = SAPIENS_STATUS_RUNTIME,
    unsupported = SAPIENS_STATUS_UNSUPPORTED,
    cancelled = SAPIENS_STATUS_CANCELLED,
    shut_down = SAPIENS_STATUS_SHUT_DOWN,
    wrong_thread = SAPIENS_STATUS_WRONG_THREAD,
    internal = SAPIENS_STATUS_INTERNAL,
};

/// In words, such as "corrupt model".
inline std::string_view name(StatusCode code) noexcept {
    return sapiens_status_name(static_cast<std::int32_t>(code));
}

/// Why there is no value.
struct Error {
    StatusCode code = StatusCode::internal;
    /// What was wrong and what would be right, in English; the name of the code where it is no fault.
    std::string message;

    /// False for timeout and absent: nothing is wrong, there is just nothing (yet).
    bool is_fault() const noexcept { return static_cast<std::int32_t>(code) < 0; }
};

/// A value of type T, or the Error that explains why there is none; std::expected (C++23) in short.
template <class T> class [[nodiscard]] Expected {
public:
    using value_type = T;

    Expected(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Expected(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    /// The value. Without one: SAPIENS_ABORT with the message of the error, in every build.
    T &value() & { return *held(); }
    const T &value() const & { return *const_cast<Expected *>(this)->held(); }
    T &&value() && { return std::move(*held()); }
    T &operator*() & { return value(); }
    const T &operator*() const & { return value(); }
    T &&operator*() && { return std::move(*this).value(); }
    T *operator->() { return held(); }
    const T *operator->() const { return &value(); }

    template <class U> T value_or(U &&other) && {
        return has_value() ? std::move(*held()) : static_cast<T>(std::forward<U>(other));
    }

    /// The error. With a value: SAPIENS_ABORT.
    const Error &error() const {
        const Error *error = std::get_if<1>(&state_);
        if (error == nullptr) SAPIENS_ABORT("error() of an Expected that has a value");
        return *error;
    }
    /// `ok`, or the code of the error.
    StatusCode code() const noexcept { return has_value() ? StatusCode::ok : std::get_if<1>(&state_)->code; }

private:
    T *held() {
        T *value = std::get_if<0>(&state_);
        if (value == nullptr) SAPIENS_ABORT(std::get_if<1>(&state_)->message.c_str());
        return value;
    }

    std::variant<T, Error> state_;
};

/// Done, or the Error that explains why not.
template <> class [[nodiscard]] Expected<void> {
public:
    using value_type = void;

    Expected() noexcept = default;
    Expected(Error error) : error_(std::move(error)) {}

    bool has_value() const noexcept { return !error_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }
    /// Nothing if it was done; else SAPIENS_ABORT with the message of the error.
    void value() const {
        if (error_.has_value()) SAPIENS_ABORT(error_->message.c_str());
    }
    /// The error. Without one: SAPIENS_ABORT.
    const Error &error() const {
        if (!error_.has_value()) SAPIENS_ABORT("error() of an Expected that has no error");
        return *error_;
    }
    /// `ok`, or the code of the error.
    StatusCode code() const noexcept { return error_.has_value() ? error_->code : StatusCode::ok; }

private:
    std::optional<Error> error_;
};

/// A pointer and a length that own nothing. Converts from containers, and from and to std::span where that exists.
template <class T> class Span {
public:
    constexpr Span() noexcept = default;
    constexpr Span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
    template <std::size_t N> constexpr Span(T (&array)[N]) noexcept : data_(array), size_(N) {}
    /// From anything with data() and size(): std::vector, std::array, std::span, Span<T> to Span<const T>.
    template <class C, class = std::enable_if_t<
                           std::is_convertible_v<std::remove_pointer_t<decltype(std::declval<C &>().data())> (*)[], T (*)[]> &&
                           std::is_convertible_v<decltype(std::declval<C &>().size()), std::size_t>>>
    constexpr Span(C &&container) noexcept
        : data_(container.data()), size_(static_cast<std::size_t>(container.size())) {}
#ifdef __cpp_lib_span
    constexpr operator std::span<T>() const noexcept { return {data_, size_}; }
#endif

    constexpr T *data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr T *begin() const noexcept { return data_; }
    constexpr T *end() const noexcept { return data_ + size_; }
    /// `index` is less than size().
    constexpr T &operator[](std::size_t index) const noexcept { return data_[index]; }

private:
    T *data_ = nullptr;
    std::size_t size_ = 0;
};

namespace detail {

/// What the C interface says about the call that just ended on this thread.
inline Error failure(SapiensStatus status) {
    return {static_cast<StatusCode>(status), status < 0 ? sapiens_last_error() : sapiens_status_name(status)};
}

inline Expected<void> outcome(SapiensStatus status) {
    if (status == SAPIENS_STATUS_OK) return {};
    return failure(status);
}

/// Text with a zero at its end and none inside, or what to answer.
inline std::optional<Error> refuse_zero(std::string_view text, const char *argument) {
    if (text.find('\0') == std::string_view::npos) return std::nullopt;
    return Error{StatusCode::invalid_argument, std::string(argument) + " has a zero byte inside; pass text without one"};
}

inline std::string_view text(const char *text) noexcept {
    return text == nullptr ? std::string_view() : std::string_view(text);
}

} // namespace detail
} // namespace sapiens

#endif // SAPIENS_EXPECTED_HPP
