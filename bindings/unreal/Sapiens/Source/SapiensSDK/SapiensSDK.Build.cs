// SPDX-License-Identifier: MIT OR Apache-2.0

using System.IO;
using UnrealBuildTool;

/// libsapiens as `cargo xtask dist` puts it into the plugin: headers here, libraries in Binaries/ThirdParty/SapiensSDK/PLATFORM.
public class SapiensSDK : ModuleRules
{
	public SapiensSDK(ReadOnlyTargetRules Target) : base(Target)
	{
		Type = ModuleType.External;

		string Headers = Path.Combine(ModuleDirectory, "include");
		string Platform = Target.Platform.ToString();
		string Libraries = Path.Combine(PluginDirectory, "Binaries", "ThirdParty", "SapiensSDK", Platform);
		Demand(Path.Combine(Headers, "sapiens.h"));
		PublicSystemIncludePaths.Add(Headers);

		if (Target.Platform == UnrealTargetPlatform.Win64)
		{
			string Import = Path.Combine(ModuleDirectory, "lib", Platform, "sapiens.dll.lib");
			Demand(Import);
			Demand(Path.Combine(Libraries, "sapiens.dll"));
			PublicAdditionalLibraries.Add(Import);
			// The module loads it by its full path before the first call.
			PublicDelayLoadDLLs.Add("sapiens.dll");
			PublicDefinitions.Add("SAPIENS_SHARED=1");
		}
		else if (Target.Platform == UnrealTargetPlatform.Linux)
		{
			// The name to link with is a line that points to the library proper, which bears the name programs record.
			string Library = Path.Combine(Libraries, "libsapiens.so");
			Demand(Library);
			PublicAdditionalLibraries.Add(Library);
			PublicRuntimeLibraryPaths.Add(Libraries);
		}
		else if (Target.Platform == UnrealTargetPlatform.Mac)
		{
			string[] Found = Directory.Exists(Libraries) ? Directory.GetFiles(Libraries, "libsapiens.*.dylib") : new string[0];
			Demand(Found.Length == 1 ? Found[0] : Path.Combine(Libraries, "libsapiens.ABI.dylib"));
			PublicAdditionalLibraries.Add(Found[0]);
			PublicDelayLoadDLLs.Add(Found[0]);
		}
		else
		{
			throw new BuildException("Sapiens: no library for {0}; it has Win64, Linux and Mac", Platform);
		}

		// Everything there is staged, in the same place: the library, and ONNX Runtime in the folder where the library looks first.
		foreach (string Name in Directory.GetFiles(Libraries, "*", SearchOption.AllDirectories))
		{
			if (Path.GetFileName(Name) != "libsapiens.so") // for the linker only
			{
				RuntimeDependencies.Add(Name);
			}
		}
	}

	private void Demand(string Name)
	{
		if (!File.Exists(Name))
		{
			throw new BuildException(
				"Sapiens: {0} is missing. Take the plugin from the archive sapiens-unreal-VERSION-TARGET, which has the " +
				"libraries, or make it: cargo xtask dist", Name);
		}
	}
}
