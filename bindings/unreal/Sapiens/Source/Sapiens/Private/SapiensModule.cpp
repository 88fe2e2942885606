// SPDX-License-Identifier: MIT OR Apache-2.0

#include "SapiensModule.h"

#include "HAL/PlatformProcess.h"
#include "Interfaces/IPluginManager.h"
#include "Misc/Paths.h"
#include "Modules/ModuleManager.h"
#include "SapiensConvert.h"
#include "SapiensLog.h"

DEFINE_LOG_CATEGORY(LogSapiens);
IMPLEMENT_MODULE(FSapiensModule, Sapiens)

namespace
{
	bool bIsLibraryLoaded = false;
	FString LibraryFault = TEXT("the module Sapiens has not started");
}

bool FSapiensModule::IsLibraryLoaded()
{
	return bIsLibraryLoaded;
}

const FString& FSapiensModule::GetLibraryFault()
{
	return LibraryFault;
}

void FSapiensModule::StartupModule()
{
#if PLATFORM_WINDOWS
	const FString Name = TEXT("Win64/sapiens.dll");
#elif PLATFORM_MAC
	const FString Name = FString::Printf(TEXT("Mac/libsapiens.%d.dylib"), SAPIENS_ABI_VERSION);
#else
	const FString Name = FString::Printf(TEXT("Linux/libsapiens.so.%d"), SAPIENS_ABI_VERSION);
#endif
	const TSharedPtr<IPlugin> Plugin = IPluginManager::Get().FindPlugin(TEXT("Sapiens"));
	const FString Folder = Plugin.IsValid() ? Plugin->GetBaseDir() : FString();
	const FString Path = FPaths::ConvertRelativePathToFull(Folder / TEXT("Binaries/ThirdParty/SapiensSDK") / Name);
	Library = FPlatformProcess::GetDllHandle(*Path);
	if (Library == nullptr)
	{
		LibraryFault = FString::Printf(TEXT("%s cannot be loaded; take the plugin from an archive for this platform, or make it: cargo xtask dist"), *Path);
		UE_LOG(LogSapiens, Error, TEXT("%s"), *LibraryFault);
		return;
	}
	bIsLibraryLoaded = true;
	LibraryFault.Empty();
	UE_LOG(LogSapiens, Log, TEXT("libsapiens: %s"), *FString(UTF8_TO_TCHAR(sapiens_build_info())));
}

void FSapiensModule::ShutdownModule()
{
	if (bIsLibraryLoaded)
	{
		// Whatever still runs ends here: no thread and no callback outlives the code.
		if (const auto Ended = sapiens::shutdown_all(); !Ended)
		{
			UE_LOG(LogSapiens, Error, TEXT("%s"), *Sapiens::ToStatus(Ended.error()).Message);
		}
		bIsLibraryLoaded = false;
		LibraryFault = TEXT("the module Sapiens has ended");
	}
	if (Library != nullptr)
	{
		FPlatformProcess::FreeDllHandle(Library);
		Library = nullptr;
	}
}
