// NOT Unreal's build tool: declarations written by hand of just what the plugin's Build.cs files use, and a program that asks
// the rules of SapiensSDK what they say. See tests/unreal/engine/README.md.
using System;
using System.Collections.Generic;
using System.IO;

namespace UnrealBuildTool
{
	public enum UnrealTargetPlatform { Win64, Mac, Linux, Android }
	public enum CppStandardVersion { Cpp20 }

	public class BuildException : Exception
	{
		public BuildException(string Format, params object[] Values) : base(string.Format(Format, Values)) {}
	}

	public class ReadOnlyTargetRules
	{
		public UnrealTargetPlatform Platform;
		public string PluginFolder;
	}

	public class RuntimeDependencyList
	{
		public List<string> Names = new List<string>();
		public void Add(string Name) { Names.Add(Name); }
	}

	public class ModuleRules
	{
		public enum ModuleType { CPlusPlus, External }
		public enum PCHUsageMode { UseExplicitOrSharedPCHs }

		public ModuleRules(ReadOnlyTargetRules Target)
		{
			PluginDirectory = Target.PluginFolder;
			ModuleDirectory = Path.Combine(Target.PluginFolder, "Source", GetType().Name);
		}

		public string PluginDirectory;
		public string ModuleDirectory;
		public ModuleType Type;
		public PCHUsageMode PCHUsage;
		public CppStandardVersion CppStandard;
		public bool bEnableExceptions;
		public List<string> PublicDependencyModuleNames = new List<string>();
		public List<string> PrivateDependencyModuleNames = new List<string>();
		public List<string> PublicSystemIncludePaths = new List<string>();
		public List<string> PublicAdditionalLibraries = new List<string>();
		public List<string> PublicRuntimeLibraryPaths = new List<string>();
		public List<string> PublicDelayLoadDLLs = new List<string>();
		public List<string> PublicDefinitions = new List<string>();
		public RuntimeDependencyList RuntimeDependencies = new RuntimeDependencyList();
	}

	public static class Program
	{
		/// PLATFORM FOLDER: what the rules say about that platform with the plugin in that folder, one line each.
		public static int Main(string[] Arguments)
		{
			var Target = new ReadOnlyTargetRules();
			Target.Platform = (UnrealTargetPlatform)Enum.Parse(typeof(UnrealTargetPlatform), Arguments[0]);
			Target.PluginFolder = Arguments[1];
			new global::Sapiens(Target);
			new global::SapiensEditor(Target);
			try
			{
				var Rules = new global::SapiensSDK(Target);
				Write("include", Target, Rules.PublicSystemIncludePaths);
				Write("link", Target, Rules.PublicAdditionalLibraries);
				Write("rpath", Target, Rules.PublicRuntimeLibraryPaths);
				Write("delay", Target, Rules.PublicDelayLoadDLLs);
				Write("define", Target, Rules.PublicDefinitions);
				Write("stage", Target, Rules.RuntimeDependencies.Names);
				return 0;
			}
			catch (BuildException Refusal)
			{
				Console.WriteLine("refused " + Refusal.Message);
				return 0;
			}
		}

		private static void Write(string Kind, ReadOnlyTargetRules Target, List<string> Values)
		{
			Values.Sort(StringComparer.Ordinal);
			foreach (string Value in Values)
			{
				Console.WriteLine(Kind + " " + Value.Replace(Target.PluginFolder + "/", ""));
			}
		}
	}
}
