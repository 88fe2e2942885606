using System;
using System.IO;
using UnityEditor;

namespace Sapiens.Editor
{
    /// <summary>A checkpoint that is dropped into the project belongs into StreamingAssets: elsewhere a build leaves it out.</summary>
    internal sealed class SapiensModelPlace : AssetPostprocessor
    {
        private const string Builds = "Assets/StreamingAssets/";

        private static void OnPostprocessAllAssets(string[] imported, string[] deleted, string[] moved, string[] movedFrom)
        {
            foreach (string path in imported)
            {
                bool isModel = path.EndsWith(SapiensMenu.ModelExtension, StringComparison.OrdinalIgnoreCase);
                if (!isModel || path.StartsWith(Builds, StringComparison.Ordinal) || !path.StartsWith("Assets/", StringComparison.Ordinal))
                {
                    continue;
                }
                string to = SapiensMenu.ModelFolder + "/" + Path.GetFileName(path);
                string question = path + "\n\nis a model. Builds only have those in StreamingAssets. Move it to\n\n" + to + " ?";
                if (!EditorUtility.DisplayDialog("Sapiens", question, "Move", "Leave it"))
                {
                    continue;
                }
                Directory.CreateDirectory(SapiensMenu.ModelFolder);
                AssetDatabase.Refresh(); // the folder must be an asset before something can move there
                string fault = AssetDatabase.MoveAsset(path, to);
                if (!string.IsNullOrEmpty(fault))
                {
                    UnityEngine.Debug.LogError("Sapiens: " + fault);
                }
            }
        }
    }
}
