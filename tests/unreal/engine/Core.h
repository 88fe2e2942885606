// NOT Unreal Engine: see README.md. Everything basic: numbers, threads, paths, modules, log, console, statistics.
#pragma once

#include "Basics.h"
#include "Containers.h"
#include "Delegates.h"
#include "Strings.h"

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
	static FString ProjectSavedDir();
	static FString ConvertRelativePathToFull(FString Path);
	static FString ConvertRelativePathToFull(const FString& Base, FString Path);
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
