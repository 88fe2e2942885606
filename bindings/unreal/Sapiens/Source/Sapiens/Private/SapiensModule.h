// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "CoreMinimal.h"
#include "Modules/ModuleInterface.h"

/** Loads libsapiens by its full path before anything calls it, and ends it before the module goes. */
class FSapiensModule : public IModuleInterface
{
public:
	virtual void StartupModule() override;
	virtual void ShutdownModule() override;

	/** Whether functions of the library may be called. Where it is missing every call of the plugin says so instead. */
	static bool IsLibraryLoaded();
	/** Why not; empty if it is. */
	static const FString& GetLibraryFault();

private:
	void* Library = nullptr;
};
