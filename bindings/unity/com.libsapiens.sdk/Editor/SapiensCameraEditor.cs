using System;
using Sapiens.Unity;
using UnityEditor;
using UnityEngine;

namespace Sapiens.Editor
{
    /// <summary>The inspector: the settings, and while it runs what the library says: models, where they run, times, drops.</summary>
    [CustomEditor(typeof(SapiensCamera))]
    internal sealed class SapiensCameraEditor : UnityEditor.Editor
    {
        public override bool RequiresConstantRepaint()
        {
            return ((SapiensCamera)target).State == SapiensState.Running;
        }

        public override void OnInspectorGUI()
        {
            DrawDefaultInspector();
            var camera = (SapiensCamera)target;
            EditorGUILayout.Space();
            EditorGUILayout.LabelField("State", camera.State.ToString());
            if (camera.Fault != null)
            {
                EditorGUILayout.HelpBox(camera.Fault.Message, MessageType.Error);
            }
            if (camera.Context == null || camera.Stream == null)
            {
                return;
            }
            try
            {
                foreach (SapiensModelInfo model in camera.Context.Models)
                {
                    EditorGUILayout.LabelField("Model", string.Format("{0} ({1})", model.Name, model.Tasks));
                    EditorGUILayout.LabelField("Runs on", string.Format("{0}, {1}, {2}", model.Device, model.Provider, model.Precision));
                    EditorGUILayout.LabelField("Licence", model.Licence);
                    if (model.Refused.Length > 0)
                    {
                        EditorGUILayout.HelpBox(model.Refused, MessageType.Warning);
                    }
                }
                Times(camera.Stream.Statistics);
                Stages(camera.Latest);
            }
            catch (ObjectDisposedException)
            {
                // It ended between two lines.
            }
        }

        private static void Times(SapiensStatistics s)
        {
            EditorGUILayout.LabelField("Frame", string.Format("{0:0.0} ms, of it the model {1:0.0} ms", s.TotalMs, s.ModelMs));
            EditorGUILayout.LabelField("Before and after", string.Format("wait {0:0.0}, convert {1:0.0}, preprocess {2:0.0}, postprocess {3:0.0} ms",
                s.WaitMs, s.ConvertMs, s.PreprocessMs, s.PostprocessMs));
            EditorGUILayout.LabelField("Frames", string.Format("{0} submitted, {1} completed, {2} failed, {3} dropped", s.Submitted,
                s.Completed, s.Failed, s.DroppedFrames + s.DroppedResults));
        }

        private static void Stages(SapiensResult latest)
        {
            if (latest.IsEmpty)
            {
                return;
            }
            for (int i = 0; i < latest.Info.TimingCount; i++)
            {
                string stage;
                double ms = latest.Timing(i, out stage);
                EditorGUILayout.LabelField("    " + stage, string.Format("{0:0.00} ms", ms));
            }
        }
    }
}
