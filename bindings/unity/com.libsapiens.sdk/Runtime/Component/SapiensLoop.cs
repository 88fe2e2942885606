using System;
using System.Collections.Generic;
using UnityEngine;
using UnityEngine.LowLevel;

namespace Sapiens.Unity
{
    /// <summary>Raises the events of contexts on the main thread, once per frame, from the player loop; and ends the library when play
    /// mode or the program does.</summary>
    public static class SapiensLoop
    {
        private static readonly List<SapiensContext> Contexts = new List<SapiensContext>();

        /// <summary>The name of our entry in the player loop.</summary>
        private struct SapiensEvents
        {
        }

        /// <summary>Events of this context are raised until it is removed or disposed.</summary>
        public static void Add(SapiensContext context)
        {
            if (context == null)
            {
                throw new ArgumentNullException("context");
            }
            if (!Contexts.Contains(context))
            {
                Contexts.Add(context);
            }
        }

        public static void Remove(SapiensContext context)
        {
            Contexts.Remove(context);
        }

        /// <summary>Ends every context and stream, as when play mode ends or code is reloaded.</summary>
        public static void End()
        {
            Contexts.Clear();
            Uninstall();
            SapiensLibrary.CallbackFaulted -= Debug.LogException;
            SapiensLibrary.ShutdownAll();
        }

        // Before any scene; with domain reload switched off in the editor, statics of the last run are still here.
        [RuntimeInitializeOnLoadMethod(RuntimeInitializeLoadType.SubsystemRegistration)]
        private static void Begin()
        {
            End();
            SapiensLibrary.CallbackFaulted += Debug.LogException;
            Application.quitting -= End;
            Application.quitting += End;
            Install();
        }

        private static void Tick()
        {
            for (int i = Contexts.Count - 1; i >= 0; i--)
            {
                SapiensContext context = Contexts[i];
                try
                {
                    context.ProcessEvents();
                }
                catch (ObjectDisposedException)
                {
                    Contexts.Remove(context);
                }
                catch (Exception exception)
                {
                    Debug.LogException(exception);
                }
                i = Math.Min(i, Contexts.Count); // handlers may have removed some
            }
        }

        private static void Install()
        {
            PlayerLoopSystem loop = PlayerLoop.GetCurrentPlayerLoop();
            for (int i = 0; i < loop.subSystemList.Length; i++)
            {
                if (loop.subSystemList[i].type != typeof(UnityEngine.PlayerLoop.Update))
                {
                    continue;
                }
                PlayerLoopSystem[] old = loop.subSystemList[i].subSystemList ?? new PlayerLoopSystem[0];
                var systems = new PlayerLoopSystem[old.Length + 1];
                systems[0] = new PlayerLoopSystem { type = typeof(SapiensEvents), updateDelegate = Tick };
                old.CopyTo(systems, 1);
                loop.subSystemList[i].subSystemList = systems;
            }
            PlayerLoop.SetPlayerLoop(loop);
        }

        private static void Uninstall()
        {
            PlayerLoopSystem loop = PlayerLoop.GetCurrentPlayerLoop();
            for (int i = 0; loop.subSystemList != null && i < loop.subSystemList.Length; i++)
            {
                PlayerLoopSystem[] systems = loop.subSystemList[i].subSystemList;
                if (systems != null)
                {
                    loop.subSystemList[i].subSystemList = Array.FindAll(systems, one => one.type != typeof(SapiensEvents));
                }
            }
            PlayerLoop.SetPlayerLoop(loop);
        }
    }
}
