// NOT Unreal Engine: see README.md. Objects, components, subsystems, settings.
#pragma once

#include "Core.h"

class UObject
{
public:
	virtual ~UObject() = default;
	FName GetFName() const;
	FString GetPathName() const;
	static UClass* StaticClass();
};
class UPackage : public UObject
{
};
UPackage* GetTransientPackage();
template <class T> T* NewObject(UObject* Outer);
template <class T> const T* GetDefault();

template <class T> class TObjectPtr
{
public:
	TObjectPtr();
	TObjectPtr(T* Object);
	T* Get() const;
	T& operator*() const;
	T* operator->() const;
	operator T*() const;
};
template <class T> class TWeakObjectPtr
{
public:
	TWeakObjectPtr(T* Object);
	T* Get() const;
};
template <class T> class TSubclassOf
{
public:
	TSubclassOf(UClass* Class);
};

class FSubsystemCollectionBase
{
};
class USubsystem : public UObject
{
public:
	virtual void Initialize(FSubsystemCollectionBase&) {}
	virtual void Deinitialize() {}
};
class UEngineSubsystem : public USubsystem
{
};
class UEngine : public UObject
{
public:
	template <class T> T* GetEngineSubsystem() const;
};
extern UEngine* GEngine;

class UDeveloperSettings : public UObject
{
public:
	virtual FName GetCategoryName() const;
};
class UBlueprintFunctionLibrary : public UObject
{
};

enum ETickingGroup { TG_PrePhysics, TG_LastDemotable };
enum ELevelTick { LEVELTICK_All };
struct FActorComponentTickFunction
{
	bool bCanEverTick;
	ETickingGroup TickGroup;
};
namespace EEndPlayReason
{
	enum Type { Destroyed };
}
class AActor : public UObject
{
};
class UActorComponent : public UObject
{
public:
	FActorComponentTickFunction PrimaryComponentTick;
	AActor* GetOwner() const;
	virtual void BeginPlay() {}
	virtual void EndPlay(const EEndPlayReason::Type) {}
	virtual void OnUnregister() {}
	virtual void TickComponent(float, ELevelTick, FActorComponentTickFunction*) {}
};
