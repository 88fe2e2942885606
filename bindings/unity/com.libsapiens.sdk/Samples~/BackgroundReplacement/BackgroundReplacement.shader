Shader "Sapiens/Samples/BackgroundReplacement"
{
    Properties
    {
        _MainTex ("Picture", 2D) = "black" {}
        _Alpha ("Alpha", 2D) = "white" {}
        _Background ("Background", 2D) = "gray" {}
    }
    SubShader
    {
        Pass
        {
            CGPROGRAM
            #pragma vertex vert_img
            #pragma fragment frag
            #include "UnityCG.cginc"

            sampler2D _MainTex, _Alpha, _Background;

            fixed4 frag (v2f_img i) : SV_Target
            {
                float alpha = tex2D(_Alpha, i.uv).r;
                return fixed4(lerp(tex2D(_Background, i.uv).rgb, tex2D(_MainTex, i.uv).rgb, alpha), 1);
            }
            ENDCG
        }
    }
}
