using System;
using Sapiens.Interop;

namespace Sapiens
{
    /// <summary>The native library as a whole.</summary>
    public static class SapiensLibrary
    {
        /// <summary>An exception left a callback that nobody waits for: one with delivery Immediate. Raised on the thread of that
        /// callback. Exceptions of handlers inside <see cref="SapiensContext.ProcessEvents"/> are thrown by that call.</summary>
        public static event Action<Exception> CallbackFaulted;

        /// <summary>Version of the library that runs.</summary>
        public static Version Version
        {
            get
            {
                uint version = Call(Native.sapiens_version);
                return new Version((int)(version >> 22), (int)(version >> 12 & 0x3ff), (int)(version & 0xfff));
            }
        }

        /// <summary>Version of its binary interface.</summary>
        public static int AbiVersion
        {
            get { return (int)Call(Native.sapiens_abi_version); }
        }

        /// <summary>What it was built from, for reports.</summary>
        public static string BuildInfo
        {
            get { return Utf8.Read(Call(Native.sapiens_build_info)); }
        }

        /// <summary>A status in words.</summary>
        public static string NameOf(SapiensStatus status)
        {
            return Utf8.Read(Native.sapiens_status_name((int)status));
        }

        /// <summary>The name of one task.</summary>
        public static string NameOf(SapiensTask task)
        {
            return Utf8.Read(Native.sapiens_task_name((uint)task));
        }

        /// <summary>Ends every context and stream of the process: joins the threads, drops the callbacks, gives borrowed pixels back.
        /// For hosts that reload code. Objects made before answer ObjectDisposedException; results stay readable. Safe to call
        /// twice.</summary>
        public static void ShutdownAll()
        {
            int status;
            try
            {
                status = Native.sapiens_shutdown_all();
            }
            catch (DllNotFoundException)
            {
                return; // what was never loaded has nothing to end
            }
            Fault.Check(status);
            Callbacks.ShutDown();
        }

        /// <summary>Throws, and says what to do, if the native library is missing or of another interface.</summary>
        public static void Check()
        {
            if (AbiVersion != Native.AbiVersion)
            {
                throw new SapiensException(SapiensStatus.AbiMismatch, string.Format(
                    "libsapiens {0} has binary interface {1}, this package needs {2}: take both from the same release",
                    Version, AbiVersion, Native.AbiVersion));
            }
        }

        internal static void ReportCallbackFault(Exception exception)
        {
            Action<Exception> handler = CallbackFaulted;
            try
            {
                if (handler != null)
                {
                    handler(exception);
                }
            }
            catch (Exception)
            {
                // Above this is native code; the handler has had its chance.
            }
        }

        private static T Call<T>(Func<T> function)
        {
            try
            {
                return function();
            }
            catch (DllNotFoundException missing)
            {
                throw new SapiensException(SapiensStatus.Library,
                    "the native library `sapiens` was not found for this platform: it belongs into the package's Plugins folder " +
                    "(cargo xtask dist makes a package that has it)", missing);
            }
            catch (BadImageFormatException wrong)
            {
                throw new SapiensException(SapiensStatus.Library,
                    "the native library `sapiens` is one of another platform or processor", wrong);
            }
        }
    }
}
