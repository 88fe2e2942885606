// NOT Unreal Engine: see README.md. Delegates and the ticker.
#pragma once

#include "Basics.h"

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
