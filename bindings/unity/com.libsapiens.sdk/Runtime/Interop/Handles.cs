// Owners of the three kinds of handles. The library looks handles up and never follows them, so a call on another thread that comes
// too late is an error there, not a fault.
using System;
using Microsoft.Win32.SafeHandles;

namespace Sapiens.Interop
{
    /// <summary>Owns what one call of the library frees.</summary>
    internal abstract class OwnedHandle : SafeHandleZeroOrMinusOneIsInvalid
    {
        protected OwnedHandle(IntPtr handle) : base(true)
        {
            SetHandle(handle);
        }

        /// <summary>The call of the library.</summary>
        protected abstract int Free(ref IntPtr mine);

        /// <summary>Frees it now; if the library does not allow it here, it stays as it is. The number stays too: a call that another
        /// thread has begun is then told that the handle has ended.</summary>
        internal int Destroy()
        {
            IntPtr mine = handle;
            int status = Free(ref mine);
            if (status == (int)SapiensStatus.InvalidHandle)
            {
                status = 0; // another thread, or the context, was first
            }
            if (status >= 0)
            {
                SetHandleAsInvalid();
            }
            return status;
        }

        protected override bool ReleaseHandle()
        {
            IntPtr mine = handle;
            return Free(ref mine) >= 0;
        }
    }

    internal sealed class ContextHandle : OwnedHandle
    {
        public ContextHandle(IntPtr handle) : base(handle)
        {
        }

        protected override int Free(ref IntPtr mine)
        {
            return Native.sapiens_context_destroy(ref mine);
        }
    }

    internal sealed class StreamHandle : OwnedHandle
    {
        public StreamHandle(IntPtr handle) : base(handle)
        {
        }

        protected override int Free(ref IntPtr mine)
        {
            return Native.sapiens_stream_destroy(ref mine);
        }
    }

    /// <summary>A place for one reference to a result, which can be filled again and again, so that frames need no new object.</summary>
    internal sealed class ResultHandle : SafeHandleZeroOrMinusOneIsInvalid
    {
        public ResultHandle() : base(true)
        {
        }

        internal IntPtr Pointer
        {
            get { return handle; }
        }

        /// <summary>Takes over a reference, and gives back the one it had.</summary>
        internal void Replace(IntPtr next)
        {
            IntPtr previous = handle;
            SetHandle(next);
            if (previous != IntPtr.Zero)
            {
                Native.sapiens_result_release(ref previous);
            }
        }

        protected override bool ReleaseHandle()
        {
            Replace(IntPtr.Zero);
            return true;
        }
    }
}
