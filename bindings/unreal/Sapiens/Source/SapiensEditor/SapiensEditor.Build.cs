// SPDX-License-Identifier: MIT OR Apache-2.0

using UnrealBuildTool;

public class SapiensEditor : ModuleRules
{
	public SapiensEditor(ReadOnlyTargetRules Target) : base(Target)
	{
		PCHUsage = PCHUsageMode.UseExplicitOrSharedPCHs;
		CppStandard = CppStandardVersion.Cpp20;

		PrivateDependencyModuleNames.AddRange(new string[] { "Core", "CoreUObject", "Engine", "Sapiens", "Slate", "SlateCore", "ToolMenus" });
	}
}
