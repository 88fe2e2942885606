using System;
using System.IO;
using System.Linq;
using System.Text;
using UnityEditor;
using UnityEngine;

namespace Sapiens.Editor
{
    /// <summary>The menu Tools > Sapiens.</summary>
    internal static class SapiensMenu
    {
        private const string Title = "Sapiens";
        internal const string ModelFolder = "Assets/StreamingAssets/Sapiens";
        internal const string ModelExtension = ".safetensors";

        /// <summary>Looks whether everything is there and works, on one grey picture, and says what it found.</summary>
        [MenuItem("Tools/Sapiens/Check Installation")]
        private static void Check()
        {
            var report = new StringBuilder();
            bool works = false;
            try
            {
                Examine(report);
                works = true;
            }
            catch (Exception exception)
            {
                report.AppendLine().AppendLine(exception.Message);
            }
            string text = report.ToString();
            if (works)
            {
                Debug.Log(text);
            }
            else
            {
                Debug.LogError(text);
            }
            EditorUtility.DisplayDialog(works ? "Sapiens works" : "Sapiens does not work yet", text, "OK");
        }

        private static void Examine(StringBuilder report)
        {
            SapiensLibrary.Check();
            report.AppendLine(SapiensLibrary.BuildInfo);
            using (var context = new SapiensContext())
            {
                SapiensRuntimeInfo runtime = context.Runtime;
                report.AppendLine("ONNX Runtime " + runtime.Version + " from " + runtime.Path);
                report.AppendLine("providers: " + runtime.Providers);
                context.LoadDemo();
                report.AppendLine("demo model: " + Describe(context.Models.First()));
                using (SapiensStream stream = context.CreateStream())
                {
                    const int size = 64;
                    var image = new SapiensImage { Format = SapiensPixelFormat.Gray8, Width = size, Height = size, RowStride = size };
                    stream.Submit(new byte[size * size], image);
                    using (SapiensResult result = stream.Poll(SapiensStream.WaitForever))
                    {
                        report.AppendLine(string.Format("one frame: {0}, {1:0} ms", result.Info.Status, result.Info.TotalMs));
                    }
                }
            }
            string[] models = Directory.Exists(ModelFolder) ? Directory.GetFiles(ModelFolder, "*" + ModelExtension) : new string[0];
            report.AppendLine(models.Length == 0 ? "no models imported: Tools > Sapiens > Import Model" : string.Join("\n", models));
        }

        /// <summary>Copies a checkpoint to StreamingAssets, if the library can load it.</summary>
        [MenuItem("Tools/Sapiens/Import Model...")]
        private static void Import()
        {
            string from = EditorUtility.OpenFilePanel("Sapiens checkpoint", "", ModelExtension.Substring(1));
            if (string.IsNullOrEmpty(from))
            {
                return;
            }
            try
            {
                string what = Probe(from);
                Directory.CreateDirectory(ModelFolder);
                string to = Path.Combine(ModelFolder, Path.GetFileName(from));
                File.Copy(from, to, true);
                AssetDatabase.Refresh();
                EditorUtility.DisplayDialog(Title, what + "\n\nis now " + to, "OK");
            }
            catch (OperationCanceledException)
            {
                Debug.Log("Sapiens: the import was cancelled");
            }
            catch (Exception exception)
            {
                Debug.LogException(exception);
                EditorUtility.DisplayDialog(Title, "This model cannot be used.\n\n" + exception.Message, "OK");
            }
            finally
            {
                EditorUtility.ClearProgressBar();
            }
        }

        /// <summary>Loads it once, with a bar that can be cancelled; says what it is.</summary>
        private static string Probe(string path)
        {
            using (var context = new SapiensContext())
            {
                context.Load(path, new SapiensLoadOptions { Progress = Show });
                return Describe(context.Models.Last());
            }
        }

        private static void Show(SapiensLoadProgress progress)
        {
            float part = progress.Total > 0 ? (float)((double)progress.Done / progress.Total) : 0;
            if (EditorUtility.DisplayCancelableProgressBar(Title, progress.Stage, part))
            {
                throw new OperationCanceledException();
            }
        }

        private static string Describe(SapiensModelInfo model)
        {
            return string.Format("{0}: {1}, {2} x {3}, {4:0.0} M parameters, licence: {5}", model.Name, model.Tasks, model.InputWidth,
                model.InputHeight, model.Parameters / 1e6, model.Licence);
        }
    }
}
