using Sapiens.Unity;
using UnityEditor;

namespace Sapiens.Editor
{
    /// <summary>Before scripts are reloaded, when play mode ends and when the editor closes, everything of the library ends: no thread and
    /// no callback meets code that is gone.</summary>
    [InitializeOnLoad]
    internal static class SapiensReload
    {
        static SapiensReload()
        {
            AssemblyReloadEvents.beforeAssemblyReload += SapiensLoop.End;
            EditorApplication.quitting += SapiensLoop.End;
            EditorApplication.playModeStateChanged += OnPlayMode;
        }

        private static void OnPlayMode(PlayModeStateChange change)
        {
            // After the components have been disabled.
            if (change == PlayModeStateChange.EnteredEditMode)
            {
                SapiensLoop.End();
            }
        }
    }
}
