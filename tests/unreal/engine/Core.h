// NOT Unreal Engine: see README.md. Basic types, containers, text, delegates, modules, console, statistics.
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

class FString
{
public:
	FString() = default;
	FString(const TCHAR* Text);
	FString(int32 Count, const TCHAR* Text);
	const TCHAR* operator*() const;
	bool IsEmpty() const;
	void Empty();
	bool Contains(const TCHAR* Part) const;
	template <class... A> static FString Printf(const TCHAR* Format, A...)
	{
		static_assert((std::is_scalar_v<A> && ...), "Printf of an object: dereference FString");
		return FString(Format);
	}
	FString& operator+=(const FString& Other);
	friend bool operator==(const FString& A, const FString& B);
	friend FString operator+(const FString& A, const FString& B);
	friend FString operator/(const FString& A, const TCHAR* B);
	friend FString operator/(const FString& A, const FString& B);
};

class FName
{
public:
	FName();
	FName(const TCHAR* Text);
	FName(const char* Text);
	bool IsNone() const;
	FString ToString() const;
	friend bool operator==(FName A, FName B);
};
inline const FName NAME_None;

class FText
{
public:
	static FText FromString(FString Text);
};
#define LOCTEXT(key, text) FText::FromString(FString(TEXT(text)))

struct FUTF8ToTCHAR
{
	FUTF8ToTCHAR(const char* Text, int32 Length);
	const TCHAR* Get() const;
	int32 Length() const;
};
const TCHAR* UTF8_TO_TCHAR(const char* Text);
const char* TCHAR_TO_UTF8(const TCHAR* Text);

template <class T> class TArray
{
public:
	int32 Num() const;
	bool IsEmpty() const;
	bool IsValidIndex(int32 Index) const;
	int32 Add(T&& Value);
	int32 Add(const T& Value);
	T& AddDefaulted_GetRef();
	void Append(const T* Values, int32 Count);
	void Reserve(int32 Count);
	void Reset();
	void Empty();
	void RemoveAt(int32 Index);
	T Pop();
	T& Last();
	T& operator[](int32 Index);
	const T& operator[](int32 Index) const;
	template <class P> int32 IndexOfByPredicate(P Predicate) const
	{
		return Predicate((*this)[0]) ? 0 : -1;
	}
	T* begin();
	T* end();
	const T* begin() const;
	const T* end() const;
};
template <class T> class TSet
{
public:
	const T* begin() const;
	const T* end() const;
};
template <class K, class V> struct TPair
{
	K Key;
	V Value;
};
template <class K, class V> class TMap
{
public:
	V* Find(const K& Key);
	V& Add(const K& Key);
	V& FindOrAdd(const K& Key);
	const TPair<K, V>* begin() const;
	const TPair<K, V>* end() const;
};

template <class T> struct TVec2
{
	T X, Y;
};
struct FVector2D : TVec2<double>
{
	FVector2D();
	FVector2D(double InX, double InY);
	friend FVector2D operator-(const FVector2D& A, const FVector2D& B);
	static const FVector2D ZeroVector;
};
struct FVector
{
	double X, Y, Z;
	FVector();
	FVector(double InX, double InY, double InZ);
	static const FVector ZeroVector;
};
struct FQuat
{
	double X, Y, Z, W;
	FQuat(double InX, double InY, double InZ, double InW);
	FQuat(FVector Axis, double Radians);
	FVector RotateVector(FVector V) const;
};
struct FTransform
{
	explicit FTransform(const FVector& Translation);
};
struct FIntPoint
{
	int32 X, Y;
	FIntPoint();
	FIntPoint(int32 InX, int32 InY);
	friend bool operator==(const FIntPoint& A, const FIntPoint& B);
	friend bool operator!=(const FIntPoint& A, const FIntPoint& B);
	static const FIntPoint ZeroValue;
};
struct FBox2D
{
	FVector2D Min, Max;
	explicit FBox2D(EForceInit);
	FBox2D(const FVector2D& InMin, const FVector2D& InMax);
};
struct FColor
{
	FColor(uint8 R, uint8 G, uint8 B, uint8 A = 255);
	static const FColor White;
};
struct FGuid
{
};
struct FMath
{
	template <class T> static T Max(T A, T B);
	template <class T> static T Clamp(T Value, T Low, T High);
};
struct FMemory
{
	static void* Malloc(SIZE_T Size);
	static void Free(void* Memory);
	static void* Memcpy(void* To, const void* From, SIZE_T Size);
};

// Pointers.
enum class ESPMode : uint8 { NotThreadSafe, ThreadSafe };
template <class T, ESPMode Mode = ESPMode::ThreadSafe> class TSharedRef;
template <class T, ESPMode Mode = ESPMode::ThreadSafe> class TSharedPtr
{
public:
	TSharedPtr();
	TSharedPtr(std::nullptr_t);
	template <class U, class = std::enable_if_t<std::is_convertible_v<U*, T*>>> TSharedPtr(const TSharedPtr<U, Mode>& Other);
	template <class U, class = std::enable_if_t<std::is_convertible_v<U*, T*>>> TSharedPtr(const TSharedRef<U, Mode>& Other);
	~TSharedPtr();
	explicit operator bool() const;
	bool IsValid() const;
	void Reset();
	TSharedRef<T, Mode> ToSharedRef() const;
	T* Get() const;
	T* operator->() const;
	T& operator*() const;
};
template <class T, ESPMode Mode> class TSharedRef
{
public:
	T* operator->() const;
	T& operator*() const;
};
template <class T, ESPMode Mode = ESPMode::ThreadSafe> class TWeakPtr
{
public:
	TWeakPtr();
	TWeakPtr(const TSharedPtr<T, Mode>& Other);
	bool IsValid() const;
	TWeakPtr(const TSharedRef<T, Mode>& Other);
	TSharedPtr<T, Mode> Pin() const;
};
template <class T, ESPMode Mode = ESPMode::ThreadSafe> class TSharedFromThis
{
public:
	TSharedRef<T, Mode> AsShared();
};
template <class T, ESPMode Mode = ESPMode::ThreadSafe, class... A> TSharedRef<T, Mode> MakeShared(A&&...)
{
	static_assert(std::is_constructible_v<T, A...>);
	return TSharedRef<T, Mode>();
}
template <class T> TSharedPtr<T> MakeShareable(T* Object);
template <class T> class TUniquePtr
{
public:
	TUniquePtr();
	TUniquePtr(TUniquePtr&&);
	TUniquePtr& operator=(TUniquePtr&&);
	~TUniquePtr();
	T* Get() const;
	T* operator->() const;
};
template <class T, class... A> TUniquePtr<T> MakeUnique(A&&...)
{
	static_assert(std::is_constructible_v<T, A...>);
	return TUniquePtr<T>();
}
template <class T> class TFunction : public std::function<T>
{
public:
	using std::function<T>::function;
	void Reset();
};

// Threads.
enum class EAsyncExecution { Thread };
template <class F> void Async(EAsyncExecution Execution, F&& Function)
{
	static_cast<void>(Execution);
	Function();
}
class FCriticalSection
{
};
class FScopeLock
{
public:
	explicit FScopeLock(FCriticalSection* Lock);
	~FScopeLock();
};
bool IsInGameThread();
bool IsInRenderingThread();
struct FPlatformTime
{
	static double Seconds();
};
struct FPlatformProcess
{
	static void* GetDllHandle(const TCHAR* Path);
	static void FreeDllHandle(void* Handle);
	static void Sleep(float Seconds);
};
struct FPaths
{
	static FString ProjectContentDir();
	static FString ConvertRelativePathToFull(FString Path);
	static FString ConvertRelativePathToFull(const FString& Base, FString Path);
};

// Delegates.
class FDelegateHandle
{
};
template <class... A> class TMulticastDelegate
{
public:
	struct FDelegate
	{
		template <class O> static FDelegate CreateRaw(O* Object, void (O::*Method)(A...));
	};
	template <class O> FDelegateHandle AddRaw(O* Object, void (O::*Method)(A...));
	bool Remove(FDelegateHandle Handle);
	void Broadcast(A... Values) const;
};
using FSimpleMulticastDelegate = TMulticastDelegate<>;
#define DECLARE_MULTICAST_DELEGATE_ThreeParams(name, a, b, c) using name = TMulticastDelegate<a, b, c>
#define DECLARE_DYNAMIC_MULTICAST_DELEGATE_OneParam(name, a, a_name) using name = TMulticastDelegate<a>
#define DECLARE_DYNAMIC_MULTICAST_DELEGATE_TwoParams(name, a, a_name, b, b_name) using name = TMulticastDelegate<a, b>
#define DECLARE_DYNAMIC_MULTICAST_DELEGATE_ThreeParams(name, a, a_name, b, b_name, c, c_name) using name = TMulticastDelegate<a, b, c>

struct FTickerDelegate
{
	template <class O> static FTickerDelegate CreateUObject(O* Object, bool (O::*Method)(float));
};
class FTSTicker
{
public:
	struct FDelegateHandle
	{
	};
	static FTSTicker& GetCoreTicker();
	FDelegateHandle AddTicker(const FTickerDelegate& Delegate, float Delay = 0.0f);
	static void RemoveTicker(FDelegateHandle Handle);
};

// Modules and plugins.
class IModuleInterface
{
public:
	virtual ~IModuleInterface() = default;
	virtual void StartupModule() {}
	virtual void ShutdownModule() {}
};
#define IMPLEMENT_MODULE(type, name) static_assert(std::is_base_of_v<IModuleInterface, type>);
class IPlugin
{
public:
	const FString& GetBaseDir() const;
};
class IPluginManager
{
public:
	static IPluginManager& Get();
	TSharedPtr<IPlugin> FindPlugin(const FString& Name);
};
enum class EAppMsgType { Ok };
struct FMessageDialog
{
	static void Open(EAppMsgType Type, const FText& Message);
};

// Log, console, statistics.
struct FLogCategory
{
};
#define DECLARE_LOG_CATEGORY_EXTERN(name, level, most) extern FLogCategory name
#define DEFINE_LOG_CATEGORY(name) FLogCategory name
namespace ELogVerbosity
{
	enum Type { Fatal, Error, Warning, Display, Log, Verbose, VeryVerbose };
}
template <class... A> void LogLine(FLogCategory&, ELogVerbosity::Type, const TCHAR*, A...)
{
	static_assert((std::is_scalar_v<A> && ...), "UE_LOG of an object: dereference FString");
}
#define UE_LOG(category, level, ...) LogLine(category, ELogVerbosity::level, __VA_ARGS__)

enum EConsoleVariableFlags { ECVF_Default = 0, ECVF_Cheat = 1, ECVF_ReadOnly = 4 };
template <class T> class TAutoConsoleVariable
{
public:
	TAutoConsoleVariable(const TCHAR* Name, const std::conditional_t<std::is_same_v<T, FString>, const TCHAR*, T>& Value, const TCHAR* Help, uint32 Flags);
	T GetValueOnGameThread() const;
};

#define STATCAT_Advanced
#define DECLARE_STATS_GROUP(text, group, category) struct group
#define DECLARE_CYCLE_STAT(text, name, group) static const group* const name = nullptr
#define DECLARE_FLOAT_COUNTER_STAT(text, name, group) static const group* const name = nullptr
#define DECLARE_DWORD_COUNTER_STAT(text, name, group) static const group* const name = nullptr
#define SCOPE_CYCLE_COUNTER(name) static_cast<void>(name)
#define SET_FLOAT_STAT(name, value) (static_cast<void>(name), static_cast<void>(value))
#define INC_DWORD_STAT_BY(name, value) (static_cast<void>(name), static_cast<void>(value))
