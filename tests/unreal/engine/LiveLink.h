// NOT Unreal Engine: see README.md. Live Link.
#pragma once

#include "Objects.h"

class ULiveLinkRole : public UObject
{
};
class ULiveLinkBasicRole : public ULiveLinkRole
{
};
class ULiveLinkAnimationRole : public ULiveLinkBasicRole
{
};
struct FLiveLinkWorldTime
{
	FLiveLinkWorldTime();
	explicit FLiveLinkWorldTime(double Seconds);
};
struct FLiveLinkBaseStaticData
{
	TArray<FName> PropertyNames;
	static UScriptStruct* StaticStruct();
};
struct FLiveLinkSkeletonStaticData : FLiveLinkBaseStaticData
{
	void SetBoneNames(const TArray<FName>& Names);
	void SetBoneParents(const TArray<int32>& Parents);
	static UScriptStruct* StaticStruct();
};
struct FLiveLinkBaseFrameData
{
	FLiveLinkWorldTime WorldTime;
	TArray<float> PropertyValues;
	static UScriptStruct* StaticStruct();
};
struct FLiveLinkAnimationFrameData : FLiveLinkBaseFrameData
{
	TArray<FTransform> Transforms;
	static UScriptStruct* StaticStruct();
};
template <class Base> struct TLiveLinkDataStruct
{
	explicit TLiveLinkDataStruct(const UScriptStruct* Type);
	TLiveLinkDataStruct(TLiveLinkDataStruct&&);
	template <class T> T* Cast()
	{
		static_assert(std::is_base_of_v<Base, T>);
		return nullptr;
	}
};
using FLiveLinkStaticDataStruct = TLiveLinkDataStruct<FLiveLinkBaseStaticData>;
using FLiveLinkFrameDataStruct = TLiveLinkDataStruct<FLiveLinkBaseFrameData>;
struct FLiveLinkSubjectKey
{
	FLiveLinkSubjectKey();
	FLiveLinkSubjectKey(FGuid Source, FName Subject);
};
class ILiveLinkClient
{
public:
	virtual ~ILiveLinkClient() = default;
	virtual void PushSubjectStaticData_AnyThread(const FLiveLinkSubjectKey& Key, TSubclassOf<ULiveLinkRole> Role, FLiveLinkStaticDataStruct&& Data) = 0;
	virtual void PushSubjectFrameData_AnyThread(const FLiveLinkSubjectKey& Key, FLiveLinkFrameDataStruct&& Data) = 0;
};
class ILiveLinkSource
{
public:
	virtual ~ILiveLinkSource() = default;
	virtual void ReceiveClient(ILiveLinkClient* Client, FGuid Source) = 0;
	virtual bool IsSourceStillValid() const = 0;
	virtual bool RequestSourceShutdown() = 0;
	virtual FText GetSourceType() const = 0;
	virtual FText GetSourceMachineName() const = 0;
	virtual FText GetSourceStatus() const = 0;
};
class ULiveLinkSourceFactory : public UObject
{
public:
	enum class EMenuType { SubPanel, MenuEntry, Disabled };
	virtual FText GetSourceDisplayName() const = 0;
	virtual FText GetSourceTooltip() const = 0;
	virtual EMenuType GetMenuType() const;
	virtual TSharedPtr<ILiveLinkSource> CreateSource(const FString& ConnectionString) const;
};
