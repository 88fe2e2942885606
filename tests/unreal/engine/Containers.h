// NOT Unreal Engine: see README.md. Containers and pointers.
#pragma once

#include "Basics.h"

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
