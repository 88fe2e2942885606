// NOT Unreal Engine: see README.md. Menus of the editor.
#pragma once

#include "Objects.h"

struct FSlateIcon
{
};
struct FExecuteAction
{
	static FExecuteAction CreateStatic(void (*Function)());
};
struct FUIAction
{
	explicit FUIAction(FExecuteAction Action);
};
struct FToolMenuOwnerScoped
{
	explicit FToolMenuOwnerScoped(void* Owner);
	~FToolMenuOwnerScoped();
};
struct FToolMenuSection
{
	void AddMenuEntry(FName Name, const FText& Label, const FText& ToolTip, const FSlateIcon& Icon, const FUIAction& Action);
};
class UToolMenu : public UObject
{
public:
	FToolMenuSection& FindOrAddSection(FName Name, const FText& Label);
};
class UToolMenus : public UObject
{
public:
	static UToolMenus* Get();
	static FDelegateHandle RegisterStartupCallback(const FSimpleMulticastDelegate::FDelegate& Delegate);
	static void UnRegisterStartupCallback(const void* Object);
	static void UnregisterOwner(void* Owner);
	UToolMenu* ExtendMenu(FName Name);
};
