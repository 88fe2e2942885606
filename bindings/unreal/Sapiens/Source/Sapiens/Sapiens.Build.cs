// SPDX-License-Identifier: MIT OR Apache-2.0

using UnrealBuildTool;

public class Sapiens : ModuleRules
{
	public Sapiens(ReadOnlyTargetRules Target) : base(Target)
	{
		PCHUsage = PCHUsageMode.UseExplicitOrSharedPCHs;
		CppStandard = CppStandardVersion.Cpp20;
		bEnableExceptions = false;

		PublicDependencyModuleNames.AddRange(new string[] { "Core", "CoreUObject", "DeveloperSettings", "Engine", "LiveLinkInterface" });
		PrivateDependencyModuleNames.AddRange(new string[] { "Projects", "RHI", "RenderCore", "SapiensSDK" });
	}
}
