using System;
using System.Text;

namespace Sapiens.Interop
{
    /// <summary>Texts that cross the border: UTF-8 that ends in zero.</summary>
    internal static unsafe class Utf8
    {
        /// <summary>The text at an address; "" for null.</summary>
        internal static string Read(IntPtr text)
        {
            if (text == IntPtr.Zero)
            {
                return string.Empty;
            }
            byte* start = (byte*)text;
            int length = 0;
            while (start[length] != 0)
            {
                length++;
            }
            return length == 0 ? string.Empty : Encoding.UTF8.GetString(start, length);
        }

        /// <summary>The bytes with a zero behind them; null for null. A zero inside would cut the text unseen.</summary>
        internal static byte[] Bytes(string text, string argument)
        {
            if (text == null)
            {
                return null;
            }
            if (text.IndexOf('\0') >= 0)
            {
                throw new ArgumentException("the text has a zero character in it", argument);
            }
            var bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
            Encoding.UTF8.GetBytes(text, 0, text.Length, bytes, 0);
            return bytes;
        }
    }
}
