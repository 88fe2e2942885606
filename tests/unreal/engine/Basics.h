// NOT Unreal Engine: see README.md. Basic types and macros.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

using uint8 = std::uint8_t;
using int32 = std::int32_t;
using uint32 = std::uint32_t;
using int64 = std::int64_t;
using uint64 = std::uint64_t;
using SIZE_T = std::size_t;
using TCHAR = char16_t;

#define TEXT(text) u##text
#define PLATFORM_WINDOWS 0
#define PLATFORM_MAC 0
#define THIRD_PARTY_INCLUDES_START
#define THIRD_PARTY_INCLUDES_END
#define SAPIENS_API __attribute__((visibility("default")))
// Macros whose names the plugin must not use otherwise.
#define check(expression) static_cast<void>(expression)
#define checkf(expression, ...) static_cast<void>(expression)
#define verify(expression) static_cast<void>(expression)
#define ensure(expression) (!!(expression))
#define PI 3.14159f
#define UE_PI 3.14159

// Reflection: tests/unreal/reflection.rs writes what GENERATED_BODY() stands for.
#define UCLASS(...)
#define USTRUCT(...)
#define UENUM(...)
#define UPROPERTY(...)
#define UFUNCTION(...)
#define BODY_OF_FILE_AND_LINE(file, line) file##_##line##_GENERATED_BODY
#define BODY_OF(file, line) BODY_OF_FILE_AND_LINE(file, line)
#define GENERATED_BODY() BODY_OF(CURRENT_FILE_ID, __LINE__)

template <class T> std::remove_reference_t<T>&& MoveTemp(T&& Value)
{
	static_assert(std::is_lvalue_reference_v<T>, "MoveTemp of something that is no variable");
	static_assert(!std::is_const_v<std::remove_reference_t<T>>, "MoveTemp of a constant");
	return static_cast<std::remove_reference_t<T>&&>(Value);
}

class UClass;
class UScriptStruct;
enum EForceInit { ForceInit };
