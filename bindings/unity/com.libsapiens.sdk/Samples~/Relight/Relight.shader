Shader "Sapiens/Samples/Relight"
{
    Properties
    {
        _Normals ("Normals", 2D) = "black" {}
        _Albedo ("Albedo", 2D) = "gray" {}
        _Alpha ("Alpha", 2D) = "black" {}
        _ToLight ("To the light", Vector) = (0, 0, -1, 0)
        _Light ("Light", Color) = (1, 1, 1, 1)
        _Ambient ("Ambient", Color) = (0.1, 0.1, 0.1, 1)
    }
    SubShader
    {
        Pass
        {
            CGPROGRAM
            #pragma vertex vert_img
            #pragma fragment frag
            #include "UnityCG.cginc"

            sampler2D _Normals, _Albedo, _Alpha;
            float4 _ToLight, _Light, _Ambient;

            fixed4 frag (v2f_img i) : SV_Target
            {
                float3 normal = normalize(tex2D(_Normals, i.uv).xyz + float3(0, 0, -1e-4));
                float3 albedo = tex2D(_Albedo, i.uv).rgb;
                float3 shaded = albedo * (_Ambient.rgb + _Light.rgb * saturate(dot(normal, _ToLight.xyz)));
                return fixed4(lerp(_Ambient.rgb * 0.3, shaded, tex2D(_Alpha, i.uv).r), 1);
            }
            ENDCG
        }
    }
}
