// For programs with exceptions: `auto context = sapiens::or_throw(sapiens::Context::create());`. Not part of <sapiens.hpp>,
// unless SAPIENS_EXCEPTIONS is defined: so the classes are the same in every file of a program.
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef SAPIENS_THROW_HPP
#define SAPIENS_THROW_HPP

#include "expected.hpp"

#include <stdexcept>

namespace sapiens {

/// An Error on the move. what() is its message.
class Exception : public std::runtime_error {
public:
    explicit Exception(const Error &error) : std::runtime_error(error.message), code_(error.code) {}
    StatusCode code() const noexcept { return code_; }

private:
    StatusCode code_;
};

/// The value, or an Exception: also for timeout and absent.
template <class T> T or_throw(Expected<T> expected) {
    if (!expected) throw Exception(expected.error());
    if constexpr (!std::is_void_v<T>) return std::move(*expected);
}

} // namespace sapiens

#endif // SAPIENS_THROW_HPP
