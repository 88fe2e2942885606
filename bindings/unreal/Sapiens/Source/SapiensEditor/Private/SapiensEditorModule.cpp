// SPDX-License-Identifier: MIT OR Apache-2.0

#include "CoreMinimal.h"
#include "Misc/MessageDialog.h"
#include "Modules/ModuleManager.h"
#include "SapiensBlueprintLibrary.h"
#include "SapiensSubsystem.h"
#include "ToolMenus.h"

#define LOCTEXT_NAMESPACE "SapiensEditor"

/** Tools > Sapiens: what is installed, and whether it works. */
class FSapiensEditorModule : public IModuleInterface
{
public:
	virtual void StartupModule() override
	{
		UToolMenus::RegisterStartupCallback(FSimpleMulticastDelegate::FDelegate::CreateRaw(this, &FSapiensEditorModule::AddMenu));
	}

	virtual void ShutdownModule() override
	{
		UToolMenus::UnRegisterStartupCallback(this);
		UToolMenus::UnregisterOwner(this);
	}

private:
	void AddMenu()
	{
		FToolMenuOwnerScoped Owner(this);
		UToolMenu* Menu = UToolMenus::Get()->ExtendMenu("LevelEditor.MainMenu.Tools");
		FToolMenuSection& Section = Menu->FindOrAddSection("Sapiens", LOCTEXT("Section", "Sapiens"));
		Section.AddMenuEntry(
			"SapiensCheckInstallation",
			LOCTEXT("Check", "Check Sapiens Installation"),
			LOCTEXT("CheckTooltip", "The library, ONNX Runtime, the loaded models and where they run"),
			FSlateIcon(),
			FUIAction(FExecuteAction::CreateStatic(&FSapiensEditorModule::CheckInstallation)));
	}

	static void CheckInstallation()
	{
		FMessageDialog::Open(EAppMsgType::Ok, FText::FromString(Describe()));
	}

	static FString Describe()
	{
		const USapiensSubsystem* Subsystem = USapiensSubsystem::Get();
		if (Subsystem == nullptr)
		{
			return TEXT("The Sapiens subsystem is not there: is the plugin enabled?");
		}
		if (const FSapiensStatus Status = Subsystem->GetStatus(); !Status.IsOk())
		{
			return Status.Message;
		}
		FString Text = USapiensBlueprintLibrary::GetLibraryVersion();
		FString Runtime;
		const FSapiensStatus RuntimeStatus = Subsystem->DescribeRuntime(Runtime);
		Text += TEXT("\n") + (RuntimeStatus.IsOk() ? Runtime : RuntimeStatus.Message);
		TArray<FSapiensModel> Models;
		const FSapiensStatus ModelStatus = Subsystem->GetModels(Models);
		if (Models.IsEmpty())
		{
			Text += TEXT("\n") + (Subsystem->IsLoading() ? FString(TEXT("A model is being loaded.")) : TEXT("No model is loaded. ") + ModelStatus.Message);
		}
		for (const FSapiensModel& Model : Models)
		{
			Text += FString::Printf(TEXT("\n%s: %d x %d, on %s, licence: %s"), *Model.Name, Model.InputSize.X, Model.InputSize.Y, *Model.Device, *Model.Licence);
			if (!Model.Refused.IsEmpty())
			{
				Text += TEXT("\n    not on: ") + Model.Refused;
			}
		}
		return Text;
	}
};

IMPLEMENT_MODULE(FSapiensEditorModule, SapiensEditor)

#undef LOCTEXT_NAMESPACE
