// NOT Unreal Engine: see README.md. Text.
#pragma once

#include "Basics.h"

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
