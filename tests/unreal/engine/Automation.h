// NOT Unreal Engine: see README.md. Automation specs.
#pragma once

#include "Objects.h"

#define WITH_DEV_AUTOMATION_TESTS 1
namespace EAutomationTestFlags
{
	enum Type : uint32 { EditorContext = 1, ProductFilter = 2 };
}
class FAutomationSpecBase
{
public:
	virtual ~FAutomationSpecBase() = default;
	virtual void Define() = 0;
	void Describe(const FString& What, TFunction<void()> Body);
	void It(const FString& What, TFunction<void()> Body);
	template <class T> bool TestEqual(const TCHAR* What, const T& Actual, const T& Expected);
	bool TestEqual(const TCHAR* What, const FVector& Actual, const FVector& Expected, float Tolerance);
	bool TestTrue(const TCHAR* What, bool bValue);
	bool TestFalse(const TCHAR* What, bool bValue);
	template <class T> bool TestNull(const TCHAR* What, const T* Pointer);
	template <class T> bool TestNotNull(const TCHAR* What, const T* Pointer);
};
#define BEGIN_DEFINE_SPEC(type, name, flags)                                                                                               \
	class type : public FAutomationSpecBase                                                                                                \
	{                                                                                                                                      \
		static constexpr uint32 Flags = (flags);                                                                                           \
		virtual void Define() override;
#define END_DEFINE_SPEC(type)                                                                                                              \
	}                                                                                                                                      \
	;
